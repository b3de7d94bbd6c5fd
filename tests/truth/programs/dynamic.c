// SPDX-License-Identifier: Apache-2.0
// Loads and unloads libraries in a loop, each mapped for at least 500 ms: usually the next one
// takes the address of the last, so a stale table names the wrong functions. The libraries lie
// beside the program as plugin_{a,b,c}.so, built from plugin.c.
#include "truth.h"

#include <dlfcn.h>
#include <libgen.h>
#include <unistd.h>

// What the loader calls in a library when it comes and goes: the startup code of the C compiler.
#define CALLED(library, function) "\"?[start] main load_site [ld*] " library "!" function "\","
#define LIFE(library)                                                       \
  CALLED(library, "_init")                                                  \
  CALLED(library, "frame_dummy")                                            \
  CALLED(library, "register_tm_clones")                                     \
  CALLED(library, "__do_global_dtors_aux")                                  \
  CALLED(library, "__do_global_dtors_aux " library "!deregister_tm_clones") \
  CALLED(library, "_fini")

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main load_site use_site plugin_a!entry_a plugin_a!middle_a plugin_a!leaf_a\","
    "\"[start] main load_site use_site plugin_b!entry_b plugin_b!middle_b plugin_b!leaf_b\","
    "\"[start] main load_site use_site plugin_c!entry_c plugin_c!middle_c plugin_c!leaf_c\","
    "\"?[start] main load_site truth_now [libc*] [vdso*]\","
    "\"?[start] main [libc*]\","
    "\"?[start] main load_site [libc*] [ld*] [libc*] [ld*]\"," LIFE("plugin_a") LIFE("plugin_b")
        LIFE("plugin_c") TRUTH_CLOCK_CHAIN "]}";

#define MAPPED_NS 600000000u

TRUTH_FN void use_site(void (*entry)(uint64_t)) {
  TRUTH_LIVE_BEGIN(1);
  entry(500000);
  TRUTH_LIVE_END();
}

TRUTH_FN void load_site(const char* library, const char* symbol) {
  void* handle = dlopen(library, RTLD_NOW);
  if (handle == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  void (*entry)(uint64_t);
  *(void**)&entry = dlsym(handle, symbol);
  const uint64_t until = truth_now() + MAPPED_NS;
  while (truth_now() < until) use_site(entry);
  dlclose(handle);
  TRUTH_NOT_A_TAIL_CALL();
}

int main(int argc, char** argv) {
  static const char* const kSymbols[] = {"entry_a", "entry_b", "entry_c"};
  const uint64_t end = truth_begin(argc, argv, kTruth);
  // Not on the stack: what is deeper than 8 KiB is cut while a new mapping is not known yet.
  static char self[4096], library[4200];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length <= 0) return 1;
  self[length] = 0;
  char* folder = dirname(self);
  for (unsigned turn = 0; truth_now() < end; ++turn) {
    snprintf(library, sizeof library, "%s/plugin_%c.so", folder, 'a' + (int)(turn % 3));
    load_site(library, kSymbols[turn % 3]);
  }
  return 0;
}
