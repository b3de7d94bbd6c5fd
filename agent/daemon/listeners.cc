// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/listeners.h"

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "agent/web/guard.h"
#include "agent/web/site.h"

namespace sonde {

namespace {

// With what helps, where the operator can help.
Error listen_error(const Error& error, const std::string& key, const std::string& flag) {
  Error out = error.with_context(key);
  if (error.sys_errno == EADDRINUSE) {
    out.message +=
        "\n  fix: end the program that has this address (ss -ltnp tells which), or set "
        "another one with " +
        flag;
  }
  return out;
}

}  // namespace

Listeners::Listeners(std::string host, MetricsPage& metrics, std::function<Readiness()> readiness,
                     std::function<void(Router&)> page)
    : host_(std::move(host)),
      metrics_(metrics),
      readiness_(std::move(readiness)),
      add_page_(std::move(page)) {}

Result<Listeners::Listener> Listeners::start(const ListenAddress& address, bool with_page) const {
  Router router;
  add_health(router, readiness_);
  router.get("/metrics", [this](const HttpRequest& request) { return metrics_.answer(request); });
  if (with_page) add_page_(router);
  const Guard guard = with_page ? Guard::own_names(address, host_) : Guard::any_name();
  auto server = HttpServer::start(address, make_site(guard, std::move(router)));
  if (!server) return server.error();
  return Listener{address, std::move(*server)};
}

Result<void> Listeners::apply(const Config& config) {
  const std::lock_guard lock(mutex_);
  Listener page, telemetry;
  const bool new_page = !page_.server || page_.wanted != config.listen;
  const bool new_telemetry = config.telemetry_listen &&
                             (!telemetry_.server || telemetry_.wanted != *config.telemetry_listen);
  if (new_page) {
    auto started = start(config.listen, true);
    if (!started) return listen_error(started.error(), "listen", "--listen");
    page = std::move(*started);
  }
  if (new_telemetry) {
    auto started = start(*config.telemetry_listen, false);
    if (!started) {
      return listen_error(started.error(), "telemetry_listen", "--telemetry-listen");
    }
    telemetry = std::move(*started);
  }
  if (new_page) end(std::exchange(page_, std::move(page)));
  if (new_telemetry || !config.telemetry_listen) {
    end(std::exchange(telemetry_, std::move(telemetry)));
  }
  return {};
}

// The address is free at once. A server ends when its last answer is given, which may take as long
// as a disk does: sampling does not wait for it.
void Listeners::end(Listener&& listener) const {
  if (!listener.server) return;
  listener.server->stop_listening();
  const auto ended = [ending = ending_] {
    const std::lock_guard lock(ending->mutex);
    --ending->servers;
    ending->changed.notify_all();
  };
  {
    const std::lock_guard lock(ending_->mutex);
    ++ending_->servers;
  }
  try {
    std::thread([server = std::move(listener.server), ended]() mutable {
      server.reset();
      ended();
    }).detach();
  } catch (const std::system_error&) {  // no thread to be had: it has ended here
    ended();
  }
}

bool Listeners::stop(std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    end(std::exchange(page_, {}));
    end(std::exchange(telemetry_, {}));
  }
  std::unique_lock lock(ending_->mutex);
  return ending_->changed.wait_for(lock, patience, [this] { return ending_->servers == 0; });
}

std::string Listeners::url() const {
  const std::lock_guard lock(mutex_);
  return page_.server ? "http://" + page_.server->address().text() + "/" : "";
}

void Listeners::add_metrics(MetricBatch& into) const {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;  // being changed: the scrape may be what that waits for
  if (page_.server) add_http_metrics("listen", page_.server->counts(), into);
  if (telemetry_.server) add_http_metrics("telemetry_listen", telemetry_.server->counts(), into);
}

}  // namespace sonde
