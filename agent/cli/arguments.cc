// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iterator>

#include "agent/cli/cache_dir.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/help.h"
#include "agent/cli/quantity.h"
#include "agent/cli/raw_options.h"
#include "agent/config/settings.h"
#include "core/base/nearest_name.h"

namespace sonde {
namespace {

constexpr std::uint32_t kMaxRows = 1'000'000'000;
constexpr std::uint32_t kMaxPid = 4'194'304;
constexpr std::uint32_t kMaxTable = 1U << 30U;

constexpr std::array<std::string_view, 11> kVerbs = {"run",      "record", "report", "diff",
                                                     "top",      "doctor", "status", "boost",
                                                     "validate", "config", "version"};

class Parser {
 public:
  Parser() {
    app_.set_help_flag("-h,--help");
    app_.require_subcommand(1);
    run_verb_ = add_verb("run");
    add_config(*run_verb_);
    run_verb_->add_option("--window", raw_.window);  // for tests: not 10 s
    record_verb_ = add_verb("record");
    add_record(*record_verb_);
    report_verb_ = add_verb("report");
    add_report(*report_verb_);
    diff_verb_ = add_verb("diff");
    add_diff(*diff_verb_);
    top_verb_ = add_verb("top");
    add_top(*top_verb_);
    doctor_verb_ = add_verb("doctor");
    add_cache_dir(*doctor_verb_, doctor_.cache_dir);
    add_config(*doctor_verb_);
    status_verb_ = add_verb("status");
    add_config(*status_verb_);
    add_boost();
    validate_verb_ = add_verb("validate");
    validate_verb_->add_option("FILE", raw_.validate_file);
    add_config(*validate_verb_);
    config_verb_ = add_verb("config");
    config_verb_->add_subcommand("print")->fallthrough()->set_help_flag("-h,--help");
    config_verb_->require_subcommand(1);
    add_config(*config_verb_);
    version_verb_ = add_verb("version");
  }

  ParsedCommand parse(std::vector<std::string> arguments) {
    // What follows `--` belongs to the command and is never looked at.
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    const bool has_dashes = dashes != arguments.end();
    if (has_dashes) record_.command.assign(std::next(dashes), arguments.end());
    arguments.erase(dashes, arguments.end());
    if (arguments.size() == 1 &&
        (arguments[0] == "-h" || arguments[0] == "--help" || arguments[0] == "help")) {
      return ParseStop{kExitOk, help()};
    }
    if (arguments.size() == 1 && arguments[0] == "--version") return VersionOptions{};
    if (arguments.empty() || arguments.front().starts_with('-')) {
      arguments.insert(arguments.begin(), "run");
    }
    if (const std::string& name = arguments[0]; !is_verb(name)) {
      const auto near = nearest_name(name, kVerbs);
      return mistake("there is no verb `" + name + "`" +
                     (near ? "; the nearest is " + std::string(*near) : ""));
    }
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(arguments);
    } catch (const CLI::CallForHelp&) {
      return ParseStop{kExitOk, help()};
    } catch (const CLI::ExtrasError&) {
      return mistake(unexpected());
    } catch (const CLI::ArgumentMismatch& error) {
      const std::string what = error.what();
      const std::string option = what.substr(0, what.find(':'));
      return mistake(option +
                     (what.ends_with("missing") ? " needs a value" : " is given more than once"));
    } catch (const CLI::ParseError& error) {
      return mistake(error.what());
    }
    return checked(has_dashes);
  }

 private:
  CLI::App* add_verb(const std::string& name) {
    CLI::App* verb = app_.add_subcommand(name);
    verb->set_help_flag("-h,--help");
    verb->add_flag("--json", raw_.json);
    verb->add_option("--color,--colour", raw_.colour)
        ->check(CLI::IsMember({"auto", "always", "never"}));
    return verb;
  }

  static void add_cache_dir(CLI::App& verb, std::string& into) {
    into = default_cache_dir();
    verb.add_option("--cache-dir", into);
  }

  void add_record(CLI::App& verb) {
    verb.add_option("-p,--pid", record_.pids)
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(whole_number(1, kMaxPid, "1234"));
    verb.add_option("-c,--cgroup", record_.cgroup);
    verb.add_option("--comm", record_.comm);
    verb.add_option("-d,--duration", raw_.duration);
    verb.add_option("-F,--frequency", record_.rate_hz)->check(whole_number(1, 10'000, "99"));
    verb.add_option("-o,--output", record_.output);
    verb.add_option("--format", raw_.format);
    verb.add_flag("--no-kernel", raw_.no_kernel);
    // For tests of full tables.
    const auto entries = whole_number(0, kMaxTable, "1000");
    verb.add_option("--max-unwind-rows", record_.max_rows)->check(entries);
    verb.add_option("--max-mappings", record_.max_ranges)->check(entries);
    add_cache_dir(verb, record_.cache_dir);
  }

  void add_report(CLI::App& verb) {
    verb.add_option("FILE", report_.file)->required();
    verb.add_option("--by", raw_.by);
    verb.add_option("--callers", report_.callers);
    verb.add_option("--callees", report_.callees);
    verb.add_flag("--tree", report_.tree);
    verb.add_option("--diff", raw_.older);
    verb.add_option("-n", report_.rows)->check(whole_number(0, kMaxRows, "20"));
  }

  void add_diff(CLI::App& verb) {
    verb.add_option("FILES", raw_.sides);
    verb.add_option("--before", diff_.before);
    verb.add_option("--after", diff_.after);
    verb.add_option("--by", raw_.by);
    verb.add_flag("--total", diff_.total);
    verb.add_flag("--paths", diff_.paths);
    verb.add_flag("--absolute", diff_.absolute);
    verb.add_flag("--all", diff_.all);
    verb.add_option("-n", diff_.rows)->check(whole_number(0, kMaxRows, "20"));
    verb.add_option("--fail-above", raw_.fail_above);
  }

  void add_top(CLI::App& verb) {
    verb.add_option("--by", raw_.by);
    verb.add_option("--sort", raw_.sort);
    verb.add_option("-F,--frequency", top_.rate_hz)->check(whole_number(1, 10'000, "99"));
    verb.add_option("-n,--count", top_.count)->check(whole_number(1, kMaxRows, "1"));
    verb.add_flag("--no-kernel", raw_.no_kernel);
    verb.add_option("--window", raw_.window);  // for tests: not 2 s
    add_cache_dir(verb, top_.cache_dir);
  }

  void add_boost() {
    boost_verb_ = add_verb("boost");
    boost_verb_->add_option("CONDITION", boost_.match);
    boost_verb_->add_option("-p,--pid", raw_.boost_pid)->check(whole_number(1, kMaxPid, "1234"));
    boost_verb_->add_option("-c,--cgroup", raw_.boost_cgroup);
    boost_verb_->add_option("--for", raw_.duration);
    boost_verb_->add_option("--end", boost_.end)->check(whole_number(1, kMaxRows, "3"));
    add_config(*boost_verb_);
  }

  // Every setting has a flag.
  void add_config(CLI::App& verb) {
    verb.add_option(std::string(kConfigFlag), raw_.config_file);
    for (const Setting& setting : settings()) {
      verb.add_option_function<std::string>(std::string(setting.flag),
                                            [this, &setting](const std::string& value) {
                                              raw_.config_values[std::string(setting.key)] = value;
                                            });
    }
  }

  [[nodiscard]] static bool is_verb(std::string_view name) {
    return std::find(kVerbs.begin(), kVerbs.end(), name) != kVerbs.end();
  }

  [[nodiscard]] CLI::App* verb() const {
    const std::vector<CLI::App*> parsed = app_.get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  }

  // What is wrong with the first word that CLI11 could not place.
  [[nodiscard]] std::string unexpected() const {
    const std::vector<std::string> words = app_.remaining(true);
    const auto option =
        std::ranges::find_if(words, [](const std::string& word) { return word.starts_with('-'); });
    if (option == words.end()) {
      return "`" + (words.empty() ? "" : words.front()) + "` is not expected here" +
             (record_verb_->parsed() ? "; a command to record follows --" : "");
    }
    const std::string name = option->substr(0, option->find('='));
    std::vector<std::string> known;
    for (const CLI::Option* one : verb()->get_options()) {
      for (const std::string& long_name : one->get_lnames()) known.push_back("--" + long_name);
    }
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto near = nearest_name(name, names);
    return "there is no option " + name + (near ? "; the nearest is " + std::string(*near) : "");
  }

  [[nodiscard]] std::string help() const {
    return std::string(help_text(verb() == nullptr ? "" : verb()->get_name()));
  }

  [[nodiscard]] ParseStop mistake(const std::string& what) const {
    const std::string name = verb() == nullptr ? "" : verb()->get_name() + " ";
    return ParseStop{kExitUsage, "sonde: " + what + "\nSee: sonde " + name + "--help\n"};
  }

  void take_common(CommonOptions& into) const {
    into.json = raw_.json;
    into.colour = raw_.colour == "always"  ? ColourChoice::kAlways
                  : raw_.colour == "never" ? ColourChoice::kNever
                                           : ColourChoice::kAuto;
  }

  ParsedCommand checked(bool has_dashes) {
    take_common(record_);
    take_common(report_);
    take_common(diff_);
    if (has_dashes && !record_verb_->parsed())
      return mistake("only record takes a command after --");
    if (run_verb_->parsed()) return checked_run();
    if (record_verb_->parsed()) return checked_record(has_dashes);
    if (report_verb_->parsed()) return checked_report();
    if (diff_verb_->parsed()) return checked_diff();
    if (top_verb_->parsed()) return checked_top();
    if (validate_verb_->parsed()) return checked_validate();
    if (config_verb_->parsed()) return with_config(ConfigPrintOptions());
    if (doctor_verb_->parsed()) return with_config(doctor_);
    if (status_verb_->parsed()) return with_config(StatusOptions());
    if (boost_verb_->parsed()) return checked_boost();
    VersionOptions version;
    take_common(version);
    return version;
  }

  ParsedCommand checked_run() {
    RunOptions options;
    take_common(options);
    if (auto stop = take_config(options.config)) return *std::move(stop);
    if (auto stop = take_window(options.window)) return *std::move(stop);
    return options;
  }

  std::optional<ParseStop> take_window(std::chrono::nanoseconds& into) const {
    if (raw_.window.empty()) return std::nullopt;
    const auto window = parse_duration(raw_.window);
    if (!window || *window < std::chrono::milliseconds(100)) {
      return mistake("--window " + raw_.window + ": not a time of 100ms or more");
    }
    into = *window;
    return std::nullopt;
  }

  ParsedCommand checked_top() {
    take_common(top_);
    top_.kernel = !raw_.no_kernel;
    if (raw_.by == "cgroup") {
      top_.by = TopBy::kCgroup;
    } else if (raw_.by == "function") {
      top_.by = TopBy::kFunction;
    } else if (!raw_.by.empty() && raw_.by != "process") {
      return mistake("--by " + raw_.by + ": not one of process, cgroup, function");
    }
    const bool functions = top_.by == TopBy::kFunction;
    if (raw_.sort == "name") {
      top_.sort = TopSort::kName;
    } else if (raw_.sort == (functions ? "total" : "kernel")) {
      top_.sort = TopSort::kSecond;
    } else if (!raw_.sort.empty() && raw_.sort != (functions ? "self" : "cpu")) {
      return mistake("--sort " + raw_.sort + ": not one of " +
                     (functions ? "self, total, name" : "cpu, kernel, name"));
    }
    if (auto stop = take_window(top_.window)) return *std::move(stop);
    return top_;
  }

  ParsedCommand checked_record(bool has_dashes) {
    if (has_dashes && record_.command.empty()) return mistake("no command after --");
    if (!record_.command.empty() && (!record_.pids.empty() || record_.cgroup || record_.comm)) {
      return mistake("a command is recorded on its own: leave out -p, -c and --comm");
    }
    if (!raw_.duration.empty()) {
      record_.duration = parse_duration(raw_.duration);
      if (!record_.duration) {
        return mistake("-d " + raw_.duration +
                       ": not a time between 1ms and 30 days, such as 10, "
                       "1.5s or 2m");
      }
    }
    record_.kernel = !raw_.no_kernel;
    if (auto stop = check_output()) return *std::move(stop);
    return record_;
  }

  std::optional<ParseStop> check_output() {
    if (!raw_.format.empty()) {
      record_.format = format_of_name(raw_.format);
      if (!record_.format) {
        return mistake("--format " + raw_.format +
                       ": not one of pprof, folded, svg, html, speedscope");
      }
      if (record_.output.empty()) return mistake("--format needs -o FILE");
    }
    if (record_.output.empty()) return std::nullopt;
    if (record_.output == "-") {
      if (!record_.format) return mistake("-o - needs --format pprof|folded|svg|html|speedscope");
      if (record_.json) return mistake("-o - and --json both want stdout: choose one");
      return std::nullopt;
    }
    if (!record_.format) record_.format = format_of_path(record_.output);
    if (!record_.format) {
      return mistake("-o " + record_.output + ": no format has this extension. Known: " +
                     known_extensions() + ". Or name one with --format");
    }
    return std::nullopt;
  }

  // --by as one of `ways`, nothing if it was not given.
  template <typename Way>
  std::optional<ParseStop> take_by(Way function, Way process, Way image, Way& into) const {
    if (raw_.by == "container") {
      return mistake(
          "--by container: profiles of this version do not name containers yet; "
          "use --by process");
    }
    if (raw_.by == "function") {
      into = function;
    } else if (raw_.by == "process") {
      into = process;
    } else if (raw_.by == "image") {
      into = image;
    } else if (!raw_.by.empty()) {
      return mistake("--by " + raw_.by + ": not one of function, process, image");
    }
    return std::nullopt;
  }

  ParsedCommand checked_report() {
    if (auto stop =
            take_by(ReportBy::kFunction, ReportBy::kProcess, ReportBy::kImage, report_.by)) {
      return *std::move(stop);
    }
    if (!report_.callers.empty() && !report_.callees.empty()) {
      return mistake("--callers and --callees are two reports: choose one");
    }
    if (report_.by != ReportBy::kNone &&
        (report_.tree || !report_.callers.empty() || !report_.callees.empty())) {
      return mistake("--by cannot be combined with --callers, --callees or --tree");
    }
    if (raw_.older.empty()) return report_;
    if (report_.tree || !report_.callers.empty() || !report_.callees.empty()) {
      return mistake(
          "--diff cannot be combined with --callers, --callees or --tree; see --paths of "
          "sonde diff");
    }
    diff_.before = {raw_.older};
    diff_.after = {report_.file};
    diff_.rows = report_.rows;
    return checked_diff();
  }

  std::optional<ParseStop> take_sides() {
    const bool named = !diff_.before.empty() || !diff_.after.empty();
    if (!raw_.sides.empty() && named) {
      return mistake("give two files, or both sides with --before and --after");
    }
    if (raw_.sides.size() == 2) {
      diff_.before = {raw_.sides[0]};
      diff_.after = {raw_.sides[1]};
    } else if (!raw_.sides.empty()) {
      return mistake(std::to_string(raw_.sides.size()) +
                     (raw_.sides.size() == 1 ? " file" : " files") +
                     ": two are compared; for several on a side: --before FILE... --after FILE...");
    }
    if (diff_.before.empty() && diff_.after.empty()) {
      return mistake("no files: sonde diff BEFORE AFTER");
    }
    if (diff_.before.empty()) return mistake("no file of the older side: --before FILE...");
    if (diff_.after.empty()) return mistake("no file of the newer side: --after FILE...");
    return std::nullopt;
  }

  ParsedCommand checked_diff() {
    if (auto stop = take_sides()) return *std::move(stop);
    if (auto stop = take_by(DiffBy::kFunction, DiffBy::kProcess, DiffBy::kImage, diff_.by)) {
      return *std::move(stop);
    }
    if (diff_.paths && (!raw_.by.empty() || diff_.total)) {
      return mistake("--paths cannot be combined with --by or --total");
    }
    if (!raw_.fail_above.empty()) {
      diff_.fail_above = parse_percent(raw_.fail_above);
      if (!diff_.fail_above) {
        return mistake("--fail-above " + raw_.fail_above +
                       ": not a percentage between 0 and 100, such as 5%");
      }
    }
    return diff_;
  }

  // The values are looked at here already: a flag that is wrong is a mistake of usage.
  std::optional<ParseStop> take_config(ConfigFlags& into) const {
    for (const Setting& setting : settings()) {
      const auto value = raw_.config_values.find(std::string(setting.key));
      if (value == raw_.config_values.end()) continue;
      Config checked;
      if (const auto set = setting.set(value->second, checked); !set) {
        return mistake(std::string(setting.flag) + " " + value->second + ": " +
                       set.error().message);
      }
    }
    into.values = raw_.config_values;
    if (!raw_.config_file.empty()) into.file = raw_.config_file;
    return std::nullopt;
  }

  ParsedCommand checked_validate() {
    ValidateOptions options;
    take_common(options);
    if (!raw_.validate_file.empty() && !raw_.config_file.empty()) {
      return mistake("validate FILE and --config FILE are the same: give one");
    }
    if (auto stop = take_config(options.config)) return *std::move(stop);
    if (!raw_.validate_file.empty()) options.config.file = raw_.validate_file;
    return options;
  }

  ParsedCommand checked_boost() {
    const int ways =
        static_cast<int>(!boost_.match.empty()) + static_cast<int>(!raw_.boost_pid.empty()) +
        static_cast<int>(!raw_.boost_cgroup.empty()) + static_cast<int>(boost_.end.has_value());
    if (ways != 1) return mistake("one of CONDITION, -p PID, -c CGROUP and --end ID is needed");
    if (!raw_.boost_pid.empty()) boost_.match = "pid=" + raw_.boost_pid;
    if (!raw_.boost_cgroup.empty()) boost_.match = "cgroup=" + raw_.boost_cgroup;
    if (!raw_.duration.empty()) {
      const auto time = parse_duration(raw_.duration);
      if (!time || *time < std::chrono::seconds(1) || *time > std::chrono::hours(1)) {
        return mistake("--for " + raw_.duration + ": not a time from 1s to 1h, such as 5m");
      }
      boost_.time = std::chrono::ceil<std::chrono::seconds>(*time);
    }
    return with_config(boost_);
  }

  // For verbs whose other options need no check.
  template <typename Options>
  ParsedCommand with_config(Options options) {
    take_common(options);
    if (auto stop = take_config(options.config)) return *std::move(stop);
    return options;
  }

  CLI::App app_{"", "sonde"};
  CLI::App* run_verb_ = nullptr;
  CLI::App* record_verb_ = nullptr;
  CLI::App* report_verb_ = nullptr;
  CLI::App* diff_verb_ = nullptr;
  CLI::App* top_verb_ = nullptr;
  CLI::App* doctor_verb_ = nullptr;
  CLI::App* status_verb_ = nullptr;
  CLI::App* boost_verb_ = nullptr;
  CLI::App* validate_verb_ = nullptr;
  CLI::App* config_verb_ = nullptr;
  CLI::App* version_verb_ = nullptr;
  RawOptions raw_;
  RecordOptions record_;
  ReportOptions report_;
  DiffOptions diff_;
  TopOptions top_;
  DoctorOptions doctor_;
  BoostOptions boost_;
};

}  // namespace

ParsedCommand parse_command_line(const std::vector<std::string>& arguments) {
  return Parser().parse(arguments);
}

}  // namespace sonde
