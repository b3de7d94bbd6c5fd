// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/worker_main.h"

#include <sys/socket.h>

#include <cstdio>

#include "symbolizer/worker/limits.h"
#include "symbolizer/worker/service.h"

namespace sonde {

int worker_main(int socket_fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  if (::getsockopt(socket_fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
    std::fputs("sonde worker is started by sonde itself; there is nothing to run by hand\n",
               stderr);
    return 64;
  }
  limit_process(socket_fd);
  return Service(socket_fd).run();
}

}  // namespace sonde
