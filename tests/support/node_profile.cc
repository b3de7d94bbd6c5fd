// SPDX-License-Identifier: Apache-2.0
// The invented node: hand-written hot paths and a seeded thicket of small ones.
#include <array>
#include <map>
#include <random>
#include <sstream>
#include <utility>

#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

struct Path {
  int samples;
  const char* process;  // which program
  // Root first, separated by ` > `. `k:` kernel, `c:` libc, `s:` libcrypto, `z:` libzstd,
  // `u:` libuv, `j:` JIT, `?:` unresolved, none = the program itself; `!` in front = cut stack.
  const char* frames;
};

#define PG                                                                                \
  "_start > c:__libc_start_main > main > PostmasterMain > ServerLoop > BackendStartup > " \
  "BackendMain > PostgresMain > exec_simple_query > PortalRun > PortalRunSelect > "       \
  "standard_ExecutorRun > ExecutePlan > "
#define PG_SHORT                                                                          \
  "_start > c:__libc_start_main > main > PostmasterMain > ServerLoop > BackendStartup > " \
  "BackendMain > PostgresMain > "
#define NODE                                                                      \
  "_start > c:__libc_start_main > node::Start(int, char**) > "                    \
  "node::SpinEventLoopInternal(node::Environment*) > u:uv_run > u:uv__io_poll > " \
  "u:uv__stream_io > node::LibuvStreamWrap::OnUvRead(long, uv_buf_t const*) > "   \
  "node::InternalMakeCallback(node::Environment*, v8::Local<v8::Object>, "        \
  "v8::Local<v8::Function>, int) > v8::Function::Call(v8::Local<v8::Context>, "   \
  "v8::Local<v8::Value>, int, v8::Local<v8::Value>*) > j:Builtins_JSEntry > "     \
  "j:onStreamRead node:internal/stream_base_commons:168 > "                       \
  "j:parserOnHeadersComplete node:_http_common:71 > j:handleRequest /app/server.js:41 > "
#define REDIS                                                                               \
  "_start > c:__libc_start_main > main > aeMain > aeProcessEvents > readQueryFromClient > " \
  "processInputBuffer > processCommandAndResetClient > "
#define NGINX                                                         \
  "_start > c:__libc_start_main > main > ngx_master_process_cycle > " \
  "ngx_worker_process_cycle > ngx_process_events_and_timers > ngx_epoll_process_events > "
#define INGEST                                                                                 \
  "c:clone3 > c:start_thread > "                                                               \
  "std::thread::_State_impl<std::thread::_Invoker<std::tuple<ingest::Runner> > >::_M_run() > " \
  "ingest::Pipeline<ingest::JsonDecoder, ingest::ColumnWriter<ingest::Zstd> >::Consume("       \
  "std::span<std::byte const>) > "
#define SEND                                                                              \
  "c:__send > k:entry_SYSCALL_64_after_hwframe > k:do_syscall_64 > k:__x64_sys_sendto > " \
  "k:__sys_sendto > k:sock_sendmsg > k:tcp_sendmsg > k:tcp_sendmsg_locked > "
#define WRITE                                                                           \
  "c:write > k:entry_SYSCALL_64_after_hwframe > k:do_syscall_64 > k:__x64_sys_write > " \
  "k:ksys_write > k:vfs_write > "
#define READ                                                                          \
  "c:read > k:entry_SYSCALL_64_after_hwframe > k:do_syscall_64 > k:__x64_sys_read > " \
  "k:ksys_read > k:vfs_read > "
#define TX                                                                                     \
  "k:__tcp_push_pending_frames > k:tcp_write_xmit > k:__tcp_transmit_skb > k:ip_queue_xmit > " \
  "k:__ip_queue_xmit > k:ip_local_out > k:ip_output > k:ip_finish_output2 > "                  \
  "k:__dev_queue_xmit > k:dev_hard_start_xmit > k:loopback_xmit > k:__netif_rx > "             \
  "k:enqueue_to_backlog"

constexpr std::array kPaths = {
    Path{190, "postgres", PG "ExecAgg > fetch_input_tuple > ExecHashJoin > ExecScanHashBucket"},
    Path{96, "postgres", PG "ExecAgg > fetch_input_tuple > ExecHashJoin > ExecHashGetHashValue"},
    Path{80, "postgres", PG "ExecAgg > advance_aggregates > numeric_avg_accum > add_var"},
    Path{48, "postgres", PG "ExecAgg > c:__memmove_avx_unaligned_erms"},
    Path{140, "postgres",
         PG "ExecSort > tuplesort_performsort > qsort_tuple > comparetup_heap > "
            "btint8fastcmp > varstr_cmp > c:__strcoll_l > get_next_seq"},
    Path{70, "postgres", PG "ExecSort > tuplesort_puttupleslot > c:__memmove_avx_unaligned_erms"},
    Path{52, "postgres", PG "printtup > pq_sendcountedtext > get_str_from_var"},
    Path{60, "postgres",
         PG "ExecAgg > heap_page_prune_and_freeze > " READ
            "k:ext4_file_read_iter > k:generic_file_read_iter > k:filemap_read > "
            "k:copy_page_to_iter > k:_copy_to_iter"},
    Path{84, "postgres",
         PG_SHORT "exec_execute_message > GetCachedPlan > BuildCachedPlan > "
                  "pg_plan_queries > standard_planner > subquery_planner > "
                  "query_planner > make_one_rel > join_search_one_level"},
    Path{60, "postgres",
         PG_SHORT "finish_xact_command > CommitTransaction > XLogFlush > "
                  "issue_xlog_fsync > c:fdatasync > "
                  "k:entry_SYSCALL_64_after_hwframe > k:do_syscall_64 > "
                  "k:__x64_sys_fdatasync > k:ext4_sync_file > "
                  "k:jbd2_complete_transaction > k:jbd2_log_wait_commit"},
    Path{58, "postgres",
         PG_SHORT "ReadCommand > secure_read > c:__recv > "
                  "k:entry_SYSCALL_64_after_hwframe > k:do_syscall_64 > "
                  "k:__x64_sys_recvfrom > k:tcp_recvmsg > k:skb_copy_datagram_iter"
                  " > k:_copy_to_iter"},
    Path{66, "postgres", PG_SHORT "pq_flush > " SEND TX},
    Path{88, "postgres",
         PG_SHORT "exec_simple_query > pg_analyze_and_rewrite > AllocSetAlloc > "
                  "c:malloc > c:_int_malloc > c:sysmalloc"},
    Path{80, "node",
         NODE "j:route /app/router.js:12 > j:applyDiscounts /app/cart.js:73 > "
              "j:Builtins_ArrayReduce"},
    Path{74, "node",
         NODE "j:render /app/views.js:9 > v8::internal::JsonStringifier::Serialize_<"
              "false>(v8::internal::Handle<v8::internal::Object>, bool)"},
    Path{72, "node",
         NODE "j:parseBody /app/body.js:5 > v8::internal::JsonParser<unsigned short>::"
              "ParseJsonValue(v8::internal::Handle<v8::internal::Object>)"},
    Path{46, "node",
         NODE "j:session /app/session.js:88 > s:EVP_DigestUpdate > "
              "s:sha256_block_data_order_avx2"},
    Path{76, "node",
         "c:clone3 > c:start_thread > node::(anonymous namespace)::PlatformWorkerThread(void*) > "
         "v8::internal::ConcurrentMarking::RunMajor(v8::JobDelegate*) > "
         "v8::internal::Visitor::VisitPointers(v8::internal::HeapObject, "
         "v8::internal::ObjectSlot, v8::internal::ObjectSlot)"},
    Path{70, "node", NODE "j:writeHead node:_http_server:340 > u:uv_try_write > " SEND TX},
    Path{60, "node", NODE "j:processTimers node:internal/timers:508"},
    Path{210, "redis-server", REDIS "call > zrangeGenericCommand > zslGetElementByRank"},
    Path{120, "redis-server", REDIS "call > lookupKeyReadOrReply > dictFind > siphash"},
    Path{90, "redis-server",
         REDIS "addReplyBulk > _addReplyToBuffer > "
               "c:__memmove_avx_unaligned_erms"},
    Path{70, "redis-server",
         REDIS "resetClient > decrRefCount > je_free > "
               "je_arena_cache_bin_fill_small"},
    Path{96, "redis-server",
         "_start > c:__libc_start_main > main > aeMain > aeProcessEvents > "
         "connSocketWrite > " WRITE "k:sock_write_iter > k:tcp_sendmsg > "
         "k:tcp_sendmsg_locked > " TX},
    Path{76, "redis-server",
         "_start > c:__libc_start_main > main > aeMain > aeProcessEvents > "
         "connSocketRead > " READ "k:sock_read_iter > k:tcp_recvmsg > "
         "k:skb_copy_datagram_iter > k:_copy_to_iter"},
    Path{170, "nginx",
         NGINX "ngx_http_process_request_line > ngx_http_gzip_body_filter > "
               "deflate_slow > longest_match"},
    Path{150, "nginx",
         NGINX "ngx_ssl_handshake > s:SSL_do_handshake > s:tls_construct_server_hello"
               " > s:EVP_DigestSign > s:ecp_nistz256_point_mul"},
    Path{90, "nginx",
         NGINX "ngx_http_writev_filter > " WRITE "k:sock_write_iter > k:tcp_sendmsg > "
               "k:tcp_sendmsg_locked > k:skb_page_frag_refill > k:alloc_pages"},
    Path{150, "ingestd",
         INGEST "ingest::JsonDecoder::Decode(std::string_view) > "
                "simdjson::haswell::stage2::tape_builder::parse_document()"},
    Path{100, "ingestd",
         INGEST "ingest::ColumnWriter<ingest::Zstd>::Flush() > z:ZSTD_compress2 > "
                "z:ZSTD_compressBlock_doubleFast"},
    Path{60, "ingestd",
         INGEST "std::_Hashtable<std::string, std::pair<std::string const, int>, "
                "std::allocator<int> >::find(std::string const&) > "
                "c:__memcmp_avx2_movbe"},
    Path{30, "collector",
         "_start > runtime.main > main.main > github.com/acme/collector/pipeline."
         "(*Worker).Run > encoding/json.(*decodeState).object"},
    Path{22, "collector", "runtime.goexit > runtime.gcBgMarkWorker > runtime.scanobject"},
    Path{26, "rg",
         "_start > c:__libc_start_main > main > rg::main::h8a3b1c9e7d2f4a60 > "
         "<grep_searcher::searcher::Searcher as grep::Sink>::search_path > "
         "memchr::memmem::find::h01f2e3d4c5b6a798"},
    Path{8, "legacyd", "!legacyd+0x41c20 > ?:legacyd+0x4f310"},
    Path{12, "legacyd", "!?:legacyd+0x4f310"},
    Path{90, "kworker/0:1",
         "k:ret_from_fork > k:kthread > k:worker_thread > k:process_one_work > "
         "k:wb_workfn > k:writeback_sb_inodes > k:ext4_writepages"},
    Path{60, "ksoftirqd/1",
         "k:ret_from_fork > k:kthread > k:smpboot_thread_fn > k:run_ksoftirqd > "
         "k:handle_softirqs > k:net_rx_action > k:__napi_poll > "
         "k:process_backlog"},
    Path{44, "java",
         "c:clone3 > c:start_thread > JavaThread::run() > JavaThread::thread_main_inner()"
         " > j:java.lang.Thread.run > j:com.acme.Report.render > j:java.util.HashMap.get"},
};

struct ImageOf {
  char key;
  const char* path;
  const char* build_id;
  Origin origin;
};
constexpr std::array kImages = {
    ImageOf{'c', "/usr/lib/x86_64-linux-gnu/libc.so.6", "c1a70f4d2e", Origin::kLibrary},
    ImageOf{'s', "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "90be3ad1f2", Origin::kLibrary},
    ImageOf{'z', "/usr/lib/x86_64-linux-gnu/libzstd.so.1", "77ac0155e0", Origin::kLibrary},
    ImageOf{'u', "/usr/lib/x86_64-linux-gnu/libuv.so.1", "1e5b6c9d3a", Origin::kLibrary},
    ImageOf{'k', "[kernel.kallsyms]", "f00dfeed01", Origin::kKernel},
};

class NodeMaker {
 public:
  explicit NodeMaker(std::uint32_t seed) : random_(seed) {}

  SymbolizedProfile make() {
    for (const Path& path : kPaths) add(path);
    for (int i = 0; i < 2'600; ++i) add_thicket(i);
    add_recursion();
    add_meta();
    return std::move(maker_.profile);
  }

 private:
  std::uint32_t program_image(const std::string& process) {
    return maker_.image("/usr/local/bin/" + process, "5d1e00a07c" + std::to_string(process.size()));
  }

  std::uint32_t frame(const std::string& text, const std::string& process) {
    const auto image = program_image(process);
    if (text.size() < 2 || text[1] != ':' || text[0] == ':') {
      return maker_.frame(text, image, Origin::kOwn);
    }
    const std::string name = text.substr(2);
    if (text[0] == 'j') return maker_.frame(name, 0, Origin::kJit, {}, true);
    if (text[0] == '?') return maker_.frame(name, image, Origin::kUnresolved, "no_symbols", true);
    for (const ImageOf& one : kImages) {
      if (one.key == text[0]) {
        return maker_.frame(name, maker_.image(one.path, one.build_id), one.origin);
      }
    }
    return maker_.frame(text, image, Origin::kOwn);
  }

  std::vector<std::uint32_t> leaf_first(const std::string& text, const std::string& process) {
    std::vector<std::uint32_t> out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(" > ", at), text.size());
      // ` > ` also closes templates: those are written `> >`.
      std::string name = text.substr(at, end - at);
      std::size_t next = end + 3;
      while (open_brackets(name) > 0 && next < text.size()) {
        const std::size_t more = std::min(text.find(" > ", next - 1), text.size());
        name += text.substr(next - 3, more - (next - 3));
        next = more + 3;
      }
      out.insert(out.begin(), frame(name, process));
      at = next;
    }
    return out;
  }

  static int open_brackets(const std::string& name) {
    int open = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (name[i] == '<') ++open;
      if (name[i] == '>' && (i == 0 || name[i - 1] != '-')) --open;
    }
    return open;
  }

  std::uint32_t process_of(const std::string& name) {
    static const std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> kPids = {
        {"postgres", {1412, 24}}, {"node", {2207, 1}},    {"redis-server", {988, 1}},
        {"nginx", {1033, 3}},     {"ingestd", {3120, 1}}, {"collector", {3300, 1}},
        {"rg", {4123, 1}},        {"legacyd", {700, 1}},  {"kworker/0:1", {17, 1}},
        {"ksoftirqd/1", {21, 1}}, {"java", {5001, 1}}};
    const auto& [first, count] = kPids.at(name);
    return maker_.process(first + next() % count, name);
  }

  void add(const Path& path) {
    std::string text = path.frames;
    const bool cut = text.starts_with("!");
    if (cut) text.erase(0, 1);
    const std::string process = path.process;
    const auto frames = leaf_first(text, process);
    hot_.push_back({process, frames});
    for (int left = path.samples; left > 0;) {
      const int some = std::min<int>(left, 1 + static_cast<int>(next() % 40));
      ProfileStack& stack =
          maker_.stack(process_of(process), frames, static_cast<std::uint64_t>(some));
      if (cut) stack.stop = SONDE_STOP_NO_ROW;
      if (cut) stack.stop_image = program_image(process);
      if (text.starts_with("k:")) stack.stop = SONDE_STOP_KERNEL_ONLY;
      left -= some;
    }
  }

  // A rare path: some hot path cut at a random height, then functions of its own.
  void add_thicket(int number) {
    const auto& [process, hot] = hot_[next() % hot_.size()];
    if (process == "legacyd") return;
    const std::size_t drop = next() % hot.size();
    std::vector<std::uint32_t> frames(hot.begin() + static_cast<std::ptrdiff_t>(drop), hot.end());
    const bool kernel = maker_.profile.frames[frames.front()].origin == Origin::kKernel;
    const unsigned extra = 1 + next() % 5;
    static constexpr std::array kWords = {"lookup", "insert", "advance", "visit",
                                          "flush",  "decode", "resolve", "commit",
                                          "scan",   "merge",  "reserve", "emit"};
    static constexpr std::array kThings = {"node",  "page",  "row", "token", "buffer", "slot",
                                           "entry", "frame", "key", "range", "queue",  "segment"};
    for (unsigned i = 0; i < extra; ++i) {
      std::string name = kernel ? "k:" : next() % 5 == 0 ? "c:" : "";
      if (!kernel && next() % 4 == 0) name += "acme::storage::";
      name += std::string(kWords[next() % kWords.size()]) + '_' + kThings[next() % kThings.size()];
      if (next() % 3 != 0) name += '_' + std::to_string(number % 1300);
      frames.insert(frames.begin(), frame(name, process));
    }
    ProfileStack& stack = maker_.stack(process_of(process), frames, 1);
    if (maker_.profile.frames[frames.back()].origin == Origin::kKernel) {
      stack.stop = SONDE_STOP_KERNEL_ONLY;
    }
  }

  void add_recursion() {
    std::string text = "_start > c:__libc_start_main > main > parse_document";
    for (int i = 0; i < 37; ++i) text += " > walk(Node const*)";
    const auto frames = leaf_first(text + " > c:malloc", "collector");
    maker_.stack(process_of("collector"), frames, 18);
  }

  void add_meta() {
    std::uint64_t samples = 0;
    for (const ProfileStack& stack : maker_.profile.stacks) samples += stack.samples;
    ProfileMeta& meta = maker_.profile.meta;
    meta.host = "web-7";
    meta.kernel = "6.1.0-28-amd64";
    meta.version = "0.1.0";
    meta.cpu_count = 2;
    meta.rate_hz = 99;
    meta.begin_ns = 1'749'823'320'000'000'000U;
    meta.duration_ns = 30'000'000'000U;
    meta.cgroup_mode = "v2";
    meta.ticks.expected = 2U * 99 * 30;
    meta.ticks.missed = 1;
    meta.ticks.run = meta.ticks.expected - 1;
    meta.ticks.emitted = samples + 1;
    meta.ticks.idle = meta.ticks.run > samples + 1 ? meta.ticks.run - samples - 1 : 0;
    meta.lost = {{"missed", 1}, {"process_gone", 1}};
    meta.cost = {.cpu_seconds = 0.18,
                 .bpf_seconds = 0.006,
                 .rss_peak_bytes = 31U << 20,
                 .kernel_map_bytes = 16U << 20,
                 .bpf_ns_per_sample = 1240};
  }

  ProfileMaker maker_;
  std::uint32_t next() { return static_cast<std::uint32_t>(random_()); }

  std::mt19937 random_;
  std::vector<std::pair<std::string, std::vector<std::uint32_t>>> hot_;
};

}  // namespace

SymbolizedProfile node_profile(std::uint32_t seed) { return NodeMaker(seed).make(); }

}  // namespace sonde
