// SPDX-License-Identifier: Apache-2.0
#include "agent/config/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "agent/config/settings.h"
#include "agent/config/yaml.h"
#include "core/base/file.h"
#include "core/base/nearest_name.h"

namespace sonde {
namespace {

// Variables of ours that are no settings: messages, and the cache of unwind rows.
constexpr std::array<std::string_view, 3> kOtherVariables = {kConfigVariable, "SONDE_LOG",
                                                             "SONDE_CACHE_DIR"};

std::string known_keys() {
  std::string out;
  for (const Setting& setting : settings()) {
    out += (out.empty() ? "" : ", ") + std::string(setting.key);
  }
  return out;
}

std::vector<std::string_view> names(std::string_view Setting::*which) {
  std::vector<std::string_view> out;
  for (const Setting& setting : settings()) out.push_back(setting.*which);
  return out;
}

class Loader {
 public:
  explicit Loader(const ConfigSources& sources) : sources_(sources) {}

  LoadedConfig load() {
    for (const Setting& setting : settings()) {
      put(setting, default_of(setting), "default");
    }
    load_file();
    load_environment();
    for (const Setting& setting : settings()) {
      const auto value = sources_.flags.values.find(std::string(setting.key));
      if (value != sources_.flags.values.end()) {
        put(setting, value->second, std::string(setting.flag));
      }
    }
    check_together();
    if (!out_.problems.empty()) return std::move(out_);
    for (const Setting& setting : settings()) {
      out_.values.push_back(
          {std::string(setting.key), setting.get(config_), source_[std::string(setting.key)]});
    }
    out_.config = config_;
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string variable(std::string_view name) const {
    const auto found = sources_.environment.find(std::string(name));
    return found == sources_.environment.end() ? "" : found->second;
  }

  [[nodiscard]] std::string default_of(const Setting& setting) const {
    if (setting.key != "state_dir" || sources_.root) return std::string(setting.fallback);
    if (const std::string dir = variable("XDG_STATE_HOME"); dir.starts_with('/')) {
      return dir + "/sonde";
    }
    const std::string home = variable("HOME");
    return home.starts_with('/') ? home + "/.local/state/sonde" : std::string(setting.fallback);
  }

  void put(const Setting& setting, std::string_view value, std::string source) {
    if (const auto set = setting.set(value, config_); !set) {
      out_.problems.push_back(source + ": " + std::string(setting.key) + " " + set.error().message);
      return;
    }
    source_[std::string(setting.key)] = std::move(source);
  }

  void load_file() {
    std::string path = sources_.flags.file.value_or(variable(kConfigVariable));
    if (path.empty()) {
      path = kConfigPath;
      if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return;
    }
    auto text = read(path);
    if (!text) {
      out_.problems.push_back(path + ": " + text.error().message);
      return;
    }
    out_.file = path;
    const auto tree = parse_yaml(*text, path);
    if (!tree) {
      out_.problems.push_back(tree.error().message);
      return;
    }
    take_tree(*tree, path);
  }

  static Result<std::string> read(const std::string& path) {
    const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place) return Error::from_errno(errno, "open");
    const auto fd = reopen_regular(place);
    if (!fd) return fd.error();
    return read_fd(fd->get(), kYamlMaxBytes);
  }

  void take_tree(const YamlNode& tree, const std::string& path) {
    if (tree.kind == YamlNode::Kind::kNull) return;  // empty, or comments alone
    if (tree.kind != YamlNode::Kind::kMapping) {
      out_.problems.push_back(path + ":" + std::to_string(tree.line) +
                              ": must be lines such as `rate: 19`, not " +
                              std::string(name_of(tree.kind)));
      return;
    }
    for (const YamlNode& entry : tree.children) {
      take_entry(entry, path + ":" + std::to_string(entry.key_line));
    }
  }

  void take_entry(const YamlNode& entry, const std::string& where) {
    const auto all = settings();
    const auto setting = std::find_if(all.begin(), all.end(),
                                      [&](const Setting& one) { return one.key == entry.key; });
    if (setting == all.end()) {
      const auto near = nearest_name(entry.key, names(&Setting::key));
      out_.problems.push_back(
          where + ": unknown key " + entry.key +
          (near ? "; the nearest is " + std::string(*near) : "; known are " + known_keys()));
    } else if (entry.kind != YamlNode::Kind::kText) {
      out_.problems.push_back(where + ": " + entry.key + " must have one value, not " +
                              std::string(name_of(entry.kind)));
    } else {
      put(*setting, entry.text, where);
    }
  }

  void load_environment() {
    for (const Setting& setting : settings()) {
      const std::string value = variable(setting.variable);
      if (!value.empty()) put(setting, value, std::string(setting.variable));
    }
    std::vector<std::string_view> known = names(&Setting::variable);
    known.insert(known.end(), kOtherVariables.begin(), kOtherVariables.end());
    constexpr std::string_view kPrefix = "SONDE_";
    for (const auto& [name, value] : sources_.environment) {
      if (!name.starts_with(kPrefix) || std::count(known.begin(), known.end(), name) > 0) continue;
      if (const auto near = typo_of(name.substr(kPrefix.size()), known)) {
        out_.problems.push_back(name + ": unknown variable; the nearest is " + std::string(*near));
      }
    }
  }

  // Compared without the common prefix, which would make everything look alike.
  static std::optional<std::string_view> typo_of(std::string_view rest,
                                                 std::vector<std::string_view> known) {
    constexpr std::string_view kPrefix = "SONDE_";
    for (std::string_view& name : known) name.remove_prefix(kPrefix.size());
    const auto near = nearest_name(rest, known);
    if (!near) return std::nullopt;
    return std::string_view(near->data() - kPrefix.size(), near->size() + kPrefix.size());
  }

  void check_together() {
    if (config_.telemetry_listen && collide(config_.listen, *config_.telemetry_listen)) {
      out_.problems.push_back(source_["telemetry_listen"] + ": telemetry_listen " +
                              config_.telemetry_listen->text() + " collides with listen " +
                              config_.listen.text() + " (" + source_["listen"] +
                              "); choose another port");
    }
    if (!config_.listen.is_loopback()) {
      out_.notes.push_back(source_["listen"] + ": listen " + config_.listen.text() +
                           ": whoever reaches it sees the profiles of every process; "
                           "telemetry_listen is meant for other machines");
    }
  }

  const ConfigSources& sources_;
  Config config_;
  std::map<std::string, std::string> source_;  // of the value in config_, by key
  LoadedConfig out_;
};

}  // namespace

ConfigSources config_sources(ConfigFlags flags) {
  ConfigSources out{.flags = std::move(flags), .environment = {}, .root = ::geteuid() == 0};
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    out.environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

LoadedConfig load_config(const ConfigSources& sources) { return Loader(sources).load(); }

}  // namespace sonde
