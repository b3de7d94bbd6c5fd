// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/session.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/capture/cpu_sampler.h"
#include "agent/capture/process_events.h"
#include "agent/capture/sample_batch.h"
#include "agent/capture/sideband.h"
#include "agent/engine/both_clocks.h"
#include "agent/engine/event_feed.h"
#include "agent/engine/host_facts.h"
#include "agent/engine/image_sweeper.h"
#include "agent/engine/kernel_names.h"
#include "agent/engine/namer.h"
#include "agent/engine/profile_meta.h"
#include "agent/engine/row_loader.h"
#include "agent/engine/sample_intake.h"
#include "agent/engine/sampler_options.h"
#include "agent/engine/session_limits.h"
#include "agent/engine/table_limits.h"
#include "agent/engine/table_publisher.h"
#include "agent/engine/target_divisors.h"
#include "agent/engine/wakeups.h"
#include "agent/engine/window_books.h"
#include "agent/engine/window_charges.h"
#include "agent/engine/window_maker.h"
#include "agent/pipeline/loss.h"
#include "agent/pipeline/window_set.h"
#include "agent/process/cgroup_layout.h"
#include "agent/process/cgroup_paths.h"
#include "agent/process/code_maps.h"
#include "agent/process/process_table.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "symbolizer/client/vdso.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kPollOfWork{100};            // while something waits for another look
constexpr std::uint64_t kYoungNs = 10'000'000'000;  // who has just started sonde wants to see
constexpr milliseconds kPollOfEnd{25};  // the same of a window that ended: kRingDelayNs and a bit
constexpr nanoseconds kBetweenLooksAtCpus = milliseconds{100};
constexpr nanoseconds kReclaimIntervalOfFull = milliseconds{100};
constexpr nanoseconds kReclaimInterval = std::chrono::seconds{1};
constexpr nanoseconds kWaitForRows = milliseconds{150};

constexpr std::size_t kMaxHeldSamples = 4096;
// A tick that came before is in its ring by then.
constexpr std::uint64_t kRingDelayNs = 20'000'000;
constexpr nanoseconds kWaitForDeferred = std::chrono::seconds{3};
constexpr nanoseconds kWaitForDeferredOfMany = std::chrono::seconds{1};  // windows: one is the last

class CpuSession final : public Session {
 public:
  explicit CpuSession(SessionOptions options)
      : options_(std::move(options)),
        images_(proc_, vdso_or_none()),
        windows_(options_.window_ns) {}

  Result<void> open();

  Result<void> start() override;
  Result<void> run(nanoseconds duration, const std::function<bool()>& stop,
                   const std::function<void(const SessionProgress&)>& tick) override;
  void follow(const SamplingPlan& plan) override;
  Result<SymbolizedProfile> finish() override;
  Result<void> stop() override;
  std::vector<EndedWindow> open_windows() override;
  [[nodiscard]] const SessionCapabilities& capabilities() const override { return capabilities_; }

 private:
  static UniqueFd vdso_or_none();
  Result<void> start_symbolizer();
  Result<void> open_capture();
  Result<void> open_wakeups();
  Result<void> choose_targets();
  void demand_rows(std::uint32_t tgid);
  void read_kernel_names();
  void note_limits();

  [[nodiscard]] nanoseconds until_next_look(std::uint64_t now, std::uint64_t end) const;
  [[nodiscard]] milliseconds longest_sleep() const;
  void cycle();
  void follow_cpus();
  void look();
  void drain_samples();
  void take_samples() { intake_->take(targets_->admit(batch_.samples(), cycled_ns_)); }
  void close_windows();
  void hand_on(FilledWindow&& filled, bool last);
  Result<void> end(nanoseconds wait_for_deferred);
  [[nodiscard]] SessionProgress progress() const;
  void reclaim();

  [[nodiscard]] ProfileMeta meta(std::uint64_t code_maps_over_budget) const;

  const SessionOptions options_;
  SessionCapabilities capabilities_;
  CgroupLayout cgroups_;
  ProcReader proc_;
  ImageRegistry images_;
  StaleCode stale_;
  ProcessTable processes_{proc_, images_, stale_};
  CodeMaps code_maps_{proc_, images_};
  KernelNames kernel_names_;
  std::unique_ptr<CpuSampler> sampler_;
  std::unique_ptr<ProcessEvents> process_events_;
  std::unique_ptr<Sideband> sideband_;
  std::unique_ptr<UnwindTables> tables_;
  std::unique_ptr<SymbolizerClient> own_symbolizer_;
  SymbolizerClient* symbolizer_ = nullptr;
  std::unique_ptr<RowLoader> loader_;
  std::unique_ptr<TablePublisher> publisher_;
  std::unique_ptr<EventFeed> events_;
  WindowSet windows_;
  WindowBooks books_;
  CgroupPaths cgroup_paths_{cgroups_};
  WindowCharges charges_{cgroups_, proc_, cgroup_paths_, options_.window_ns};
  std::unique_ptr<WindowMaker> maker_;
  std::unique_ptr<ImageSweeper> sweeper_;
  std::unique_ptr<TargetDivisors> targets_;
  std::unique_ptr<SampleIntake> intake_;
  SampleBatch batch_;
  Wakeups wakeups_;

  UserLossCounts losses_{};
  bool held_ = false;                     // the batch waits for a rescan; not after the end
  std::uint64_t kernel_events_lost_ = 0;  // as of the last look at the kernel's names
  std::uint64_t cycled_ns_ = 0;
  std::uint64_t followed_ns_ = 0;
  std::uint64_t reclaimed_ns_ = 0;
  std::uint64_t begin_wall_ns_ = 0;
  std::uint64_t begin_ns_ = 0;
  std::uint64_t end_ns_ = 0;
};

// --- opening ------------------------------------------------------------------------------------

UniqueFd CpuSession::vdso_or_none() {
  auto fd = vdso_file();
  if (fd) return std::move(*fd);
  log_warn("vdso frames have no names: " + fd.error().message);
  return UniqueFd{};
}

Result<void> CpuSession::open() {
  if (auto init = require_init_pid_namespace(); !init) return init;
  raise_open_file_limit();
  if (auto layout = read_cgroup_layout()) cgroups_ = std::move(*layout);
  if (auto opened = open_capture(); !opened) return opened;
  if (auto started = start_symbolizer(); !started) return started;
  loader_ = std::make_unique<RowLoader>(*symbolizer_);
  publisher_ = std::make_unique<TablePublisher>(*tables_, images_, *loader_);
  intake_ = std::make_unique<SampleIntake>(*tables_, *publisher_, processes_, stale_, code_maps_,
                                           windows_, losses_);
  targets_ = std::make_unique<TargetDivisors>(
      TargetDivisors::Parts{*tables_, processes_, proc_, images_, cgroup_paths_});
  events_ = std::make_unique<EventFeed>(*process_events_, *sideband_, processes_, kernel_names_);
  sweeper_ = std::make_unique<ImageSweeper>(
      ImageSweeper::Parts{images_, *publisher_, code_maps_, processes_, windows_, *loader_},
      options_.sweep_ns);
  maker_ = std::make_unique<WindowMaker>(images_, proc_, code_maps_, kernel_names_, cgroup_paths_);
  if (auto woken = open_wakeups(); !woken) return woken;
  // Events are on: what changes during the scan is not missed, and older events are told apart.
  if (auto scanned = processes_.scan_all(); !scanned) return scanned;
  publisher_->publish(processes_, monotonic_ns());
  note_limits();
  return choose_targets();
}

Result<void> CpuSession::start_symbolizer() {
  symbolizer_ = options_.symbolizer;
  if (symbolizer_ != nullptr) return {};
  SymbolizerClient::Options worker;
  worker.cache_dir = options_.cache_dir;
  worker.executable = options_.worker_executable;
  auto symbolizer = SymbolizerClient::start(worker);
  if (!symbolizer) return symbolizer.error();
  own_symbolizer_ = std::move(*symbolizer);
  symbolizer_ = own_symbolizer_.get();
  return {};
}

Result<void> CpuSession::open_capture() {
  const auto options = sampler_options(options_, cgroups_);
  if (!options) return options.error();
  auto sampler = CpuSampler::create(*options);
  if (!sampler) return sampler.error();
  sampler_ = std::move(*sampler);
  auto events = ProcessEvents::create({.targets_fd = sampler_->targets_fd(),
                                       .track_targets = options->only_targets,
                                       .cgroup_v1_memory = cgroups_.v1_memory});
  if (!events) return events.error();
  process_events_ = std::move(*events);
  auto sideband = Sideband::create();
  if (!sideband) return sideband.error();
  sideband_ = std::move(*sideband);
  auto tables = UnwindTables::create(sampler_->table_maps(), table_limits(options_));
  if (!tables) return tables.error();
  tables_ = std::move(*tables);
  return {};
}

Result<void> CpuSession::open_wakeups() {
  std::vector<int> fds = sideband_->wake_fds();
  fds.push_back(process_events_->wake_fd());
  fds.push_back(loader_->wake_fd());
  fds.push_back(sampler_->wake_fd());
  if (options_.wake != nullptr && options_.wake->fd() >= 0) fds.push_back(options_.wake->fd());
  return wakeups_.open(fds);
}

// Chosen processes and every descendant they have now; later ones follow in the kernel.
Result<void> CpuSession::choose_targets() {
  for (const std::uint32_t pid : options_.pids) {
    if (!proc_.stat(pid)) {
      return Error{ErrorCode::kNotFound, "no process " + std::to_string(pid)};
    }
    for (const std::uint32_t target : proc_.with_descendants(pid)) {
      if (auto added = sampler_->add_target(target); !added) return added;
      demand_rows(target);
    }
  }
  return {};
}

void CpuSession::demand_rows(std::uint32_t tgid) {
  const Process* process = processes_.find(tgid);
  if (process == nullptr) return;
  for (const CodeRange& range : *process->ranges) {
    if (range.kind == RangeKind::kImage) publisher_->demand(range.image);
  }
}

void CpuSession::read_kernel_names() {
  if (!options_.kernel_stacks) return;
  const auto loaded = kernel_names_.load();
  if (loaded) return;
  capabilities_.kernel_symbols = false;
  capabilities_.limits.push_back(limit_of_kernel_names(loaded.error()));
}

void CpuSession::note_limits() {
  if (const std::uint64_t denied = processes_.counts().not_permitted; denied > 0) {
    capabilities_.other_users = false;
    capabilities_.limits.push_back(limit_of_denied(denied));
  }
  if (const std::string problem = symbolizer_->cache_problem(); !problem.empty()) {
    log_info("no cache of unwind rows on disk: " + problem);
  }
}

// --- running ------------------------------------------------------------------------------------

Result<void> CpuSession::start() {
  books_.begin(meta(0));
  cycle();
  const std::uint64_t latest = monotonic_ns() + static_cast<std::uint64_t>(kWaitForRows.count());
  read_kernel_names();  // while the worker makes rows, and before the clocks would see it
  while (!loader_->idle() && monotonic_ns() < latest) {
    wakeups_.wait(milliseconds{20});
    cycle();
  }
  cycle();
  const ClockReading begin = read_clocks();
  begin_wall_ns_ = begin.wall_ns;
  begin_ns_ = begin.mono_ns;
  windows_.begin(begin);
  charges_.observe(windows_);
  return sampler_->enable();
}

SessionProgress CpuSession::progress() const {
  SessionProgress progress{.samples = windows_.samples()};
  for (const std::uint64_t loss : losses_) progress.lost += loss;
  const CpuCounters counters = sampler_->counters();
  progress.lost += counters[SONDE_CPU_RING_FULL];
  progress.ticks = counters[SONDE_CPU_RUN];
  progress.bpf_ns = counters[SONDE_CPU_BPF_NS];
  return progress;
}

Result<void> CpuSession::run(nanoseconds duration, const std::function<bool()>& stop,
                             const std::function<void(const SessionProgress&)>& tick) {
  const std::uint64_t end = begin_ns_ + static_cast<std::uint64_t>(duration.count());
  while (!stop()) {
    const std::uint64_t now = monotonic_ns();
    if (now >= end) break;
    wakeups_.wait(until_next_look(now, end));
    cycle();
    tick(progress());
  }
  return {};
}

// Not past the end of a window: there the kernel's accounting is read.
nanoseconds CpuSession::until_next_look(std::uint64_t now, std::uint64_t end) const {
  const auto filling = windows_.filling_span();
  const std::uint64_t next = filling ? std::min(end, filling->end_mono_ns) : end;
  return std::min<nanoseconds>(nanoseconds(next - std::min(now, next)), longest_sleep());
}

// Nothing happens unheard: rings wake where a look is due. What waits for time to pass is polled.
milliseconds CpuSession::longest_sleep() const {
  const bool has_work = held_ || intake_->waits() || publisher_->waits_for_room() ||
                        monotonic_ns() < begin_ns_ + kYoungNs;
  const milliseconds most = has_work ? kPollOfWork : options_.longest_sleep;
  return windows_.has_ended() ? std::min(most, kPollOfEnd) : most;
}

void CpuSession::follow(const SamplingPlan& plan) {
  sampler_->set_divisor(plan.divisor * plan.clock);
  const auto set = sampler_->set_rate(options_.rate_hz * plan.clock);
  if (!set) log_warn(set.error().message);
  targets_->follow(plan.rules);
}

void CpuSession::drain_samples() {
  if (!held_) batch_.clear();
  losses_[static_cast<std::size_t>(UserLoss::kDamagedRecord)] +=
      sampler_->drain([this](RawSample&& sample) { batch_.add(sample); });
}

// Reads the rings: what ticks saw, and what happened meanwhile. Samples are copied out first: then
// every event that explains them is already in its ring.
void CpuSession::look() {
  cycled_ns_ = monotonic_ns();
  drain_samples();
  windows_.observe(read_clocks());  // no sample is later: each finds the window of its time
  charges_.observe(windows_);
  events_->apply(cycled_ns_, end_ns_ != 0);
  held_ = end_ns_ == 0 && events_->lacks_events() && batch_.samples().size() < kMaxHeldSamples;
}

void CpuSession::cycle() {
  look();
  follow_cpus();
  publisher_->publish(processes_, cycled_ns_);
  publisher_->publish_rows();
  if (held_) return;
  stale_.published(monotonic_ns());
  take_samples();
  intake_->walk_deferred(false);
  stale_.forget_before(cycled_ns_);
  processes_.forget_before(intake_->oldest_ns(cycled_ns_));
  const nanoseconds pause =
      publisher_->waits_for_room() ? kReclaimIntervalOfFull : kReclaimInterval;
  if (tables_->has_retired() &&
      monotonic_ns() - reclaimed_ns_ > static_cast<std::uint64_t>(pause.count())) {
    reclaim();
  }
  close_windows();
}

// Windows of which no sample can come any more.
void CpuSession::close_windows() {
  if (options_.window_ns == 0 || end_ns_ != 0 || held_) return;
  const std::uint64_t drained = intake_->oldest_ns(cycled_ns_ - kRingDelayNs);
  for (bool first = true; auto filled = windows_.close(drained); first = false) {
    if (first) {
      sampler_->read_idle_time();
      books_.observe(meta(0));
    }
    hand_on(std::move(*filled), false);
  }
  kernel_names_.forget_gone_before(drained - std::min(drained, 2 * options_.window_ns));
  sweeper_->sweep(cycled_ns_);
}

void CpuSession::hand_on(FilledWindow&& filled, bool last) {
  kernel_names_.refresh(sideband_->lost() != kernel_events_lost_);
  kernel_events_lost_ = sideband_->lost();
  std::uint64_t accounted = windows_.samples() + intake_->waiting() + targets_->left_out();
  for (const std::uint64_t loss : losses_) accounted += loss;
  ProfileMeta own = books_.close({filled.window.samples, accounted}, last);
  auto charges = charges_.take(filled.span);
  EndedWindow ended = maker_->make(std::move(filled), std::move(own));
  ended.total = books_.observed();
  ended.closed.charges = std::move(charges);
  options_.on_window(std::move(ended));
}

std::vector<EndedWindow> CpuSession::open_windows() {
  const ProfileMeta now = meta(0);
  std::vector<EndedWindow> out;
  for (FilledWindow& filled : windows_.copies(read_clocks())) {
    ProfileMeta own = meta_of_copy(now, filled.window.samples);
    out.push_back(maker_->make(std::move(filled), std::move(own)));
  }
  return out;
}

// CPUs that went take their clock and their ring of mappings along; those that came get new ones.
void CpuSession::follow_cpus() {
  if (cycled_ns_ - followed_ns_ < static_cast<std::uint64_t>(kBetweenLooksAtCpus.count())) return;
  followed_ns_ = cycled_ns_;
  const CpuChanges changes = sampler_->follow_cpus();
  for (const std::uint32_t cpu : changes.gone) sideband_->close(cpu);
  for (const std::uint32_t cpu : changes.come) {
    const auto fd = sideband_->open(cpu);
    const Result<void> watched = fd ? wakeups_.watch(*fd) : fd.error();
    if (!watched) log_warn("new mappings are not seen: " + watched.error().message);
  }
}

// What has arrived since the last look is taken only together with the events that explain it.
void CpuSession::reclaim() {
  reclaimed_ns_ = monotonic_ns();
  const auto freed = tables_->reclaim([this] {
    look();
    if (!held_) take_samples();
    return !held_;
  });
  if (!freed) log_warn("unwind tables are not reclaimed: " + freed.error().message);
  if (!tables_->has_retired()) publisher_->publish_waiting();
}

// --- finishing ----------------------------------------------------------------------------------

// Nothing is left in any ring afterwards, and no sample waits.
Result<void> CpuSession::end(nanoseconds wait_for_deferred) {
  if (auto off = sampler_->disable(); !off) return off;
  end_ns_ = monotonic_ns();
  cycle();
  const std::uint64_t latest = end_ns_ + static_cast<std::uint64_t>(wait_for_deferred.count());
  while (intake_->waits() && !loader_->idle() && monotonic_ns() < latest) {
    wakeups_.wait(milliseconds{20});
    cycle();
  }
  cycle();
  intake_->walk_deferred(true);
  loader_.reset();  // rows are of no use any more; names are asked for next
  return {};
}

Result<SymbolizedProfile> CpuSession::finish() {
  if (auto ended = end(kWaitForDeferred); !ended) return ended.error();
  kernel_names_.refresh(sideband_->lost() > 0);
  Namer namer(images_, proc_, code_maps_, *symbolizer_, kernel_names_.symbols());
  auto filled = windows_.close_all(read_clocks());
  SymbolizedProfile profile =
      namer.name(filled.empty() ? ProfileWindow{} : std::move(filled.front().window));
  profile.meta = meta(namer.code_maps_over_budget());
  return profile;
}

// Clocks that cannot be stopped are no reason to lose what was sampled.
Result<void> CpuSession::stop() {
  Result<void> ended = end(kWaitForDeferredOfMany);
  auto filled = windows_.close_all(read_clocks());
  books_.observe(meta(0));
  while (!filled.empty()) {
    FilledWindow one = std::move(filled.front());
    filled.pop_front();
    hand_on(std::move(one), filled.empty() && ended.ok());
  }
  return ended;
}

ProfileMeta CpuSession::meta(std::uint64_t code_maps_over_budget) const {
  return make_profile_meta({.rate_hz = options_.rate_hz,
                            .begin_wall_ns = begin_wall_ns_,
                            .duration_ns = (end_ns_ == 0 ? monotonic_ns() : end_ns_) - begin_ns_,
                            .cgroups = cgroups_,
                            .sampler = *sampler_,
                            .process_events = *process_events_,
                            .sideband = *sideband_,
                            .tables = *tables_,
                            .processes = processes_,
                            .images = images_,
                            .published = publisher_->counts(),
                            .symbolizer = symbolizer_->counters(),
                            .user_losses = losses_,
                            .deferred = intake_->deferred(),
                            .code_maps = code_maps_,
                            .code_maps_over_budget = code_maps_over_budget,
                            .rescans = events_->rescans(),
                            .charge_losses = charges_.lost(),
                            .opted_out = targets_->left_out(),
                            .kernel_symbols_refused = kernel_names_.refused()});
}

}  // namespace

Result<std::unique_ptr<Session>> Session::create(SessionOptions options) {
  auto session = std::make_unique<CpuSession>(std::move(options));
  if (auto opened = session->open(); !opened) return opened.error();
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace sonde
