// SPDX-License-Identifier: Apache-2.0
// The oracle of synthesised rows: real files that do have unwind tables are decoded as if they had
// none, and each rule found is compared with the table's, at every instruction.
//   synth_oracle [--blind] [--show N] [--min PERCENT] FILE...
//   synth_oracle --sample     libc, libcrypto, bash and others, each with its gate
// Boundaries are where frame descriptions begin; --blind gives none but the targets of calls. CFA
// and return address decide; the rule of rbp is compared apart. Differences fall into named
// classes.
#include <elf.h>
#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/synth/code_walk.h"
#include "symbolizer/worker/unwind/file_rows.h"

namespace sonde {
namespace {

struct Options {
  bool blind = false;
  int show = 0;
  double least = 0;
};

struct Totals {
  std::uint64_t instructions = 0;
  std::uint64_t agree = 0;
  std::uint64_t rbp_agree = 0;
  std::map<std::string, std::uint64_t> classes;
  RowClassCounts ours{};
  std::uint64_t decoded = 0;
  double seconds = 0;
};

class TableRows {
 public:
  explicit TableRows(const RowTable& table) : table_(table) {}
  [[nodiscard]] sonde_row at(std::uint64_t offset) const {
    const std::uint64_t page = offset >> SONDE_PAGE_SHIFT;
    if (page < table_.first_page || page - table_.first_page >= table_.pages.size()) return {};
    const sonde_page& entry = table_.pages[page - table_.first_page];
    const auto rows = std::span(table_.rows).subspan(entry.first, entry.count);
    const auto low = static_cast<std::uint16_t>(offset & ((1U << SONDE_PAGE_SHIFT) - 1));
    auto next = std::ranges::upper_bound(rows, low, {}, &sonde_row::offset);
    return next == rows.begin() ? sonde_row{} : *--next;
  }

 private:
  const RowTable& table_;
};

sonde_row synth_at(const std::vector<PlacedRule>& rules, std::uint64_t offset) {
  auto next = std::ranges::upper_bound(rules, offset, {}, &PlacedRule::file_offset);
  return next == rules.begin() ? sonde_row{} : (--next)->rule.at(0);
}

bool is_entry(const sonde_row& row) {
  return row.cfa == SONDE_CFA_RSP && row.cfa_param == 1 && row.flags == 0;
}

std::string kind_name(const sonde_row& row) {
  static const char* const kNames[] = {
      "none",   "rsp", "rbp",         "register",      "deref_rsp", "deref_rbp", "plt",
      "signal", "end", "unsupported", "frame_pointer", "far_rsp",   "far_rbp"};
  const unsigned kind = SONDE_ROW_CFA_KIND(row);
  return kind < std::size(kNames) ? kNames[kind] : "?";
}

// What the walk knows about the rule that the table has.
enum class Judgement : std::uint8_t { kNotReached, kWrong, kCfa, kCfaAndRbp };

class FileCheck {
 public:
  FileCheck(const Options& options, const ElfFile& file, const std::vector<CodeExtent>& extents,
            const RowTable& table, Totals& totals)
      : options_(options), file_(file), extents_(extents), rows_(table), totals_(totals) {}

  void check(const ElfSection& section) {
    auto bytes = file_.read(section, std::uint64_t{1} << 31);
    if (!bytes) return;
    std::vector<CodeEntry> entries;
    for (const CodeExtent& extent : extents_) {
      if (extent.begin < section.offset || extent.begin >= section.offset + section.size) continue;
      const auto at = static_cast<std::uint32_t>(extent.begin - section.offset);
      // A part of a function that was moved away does not begin as functions do.
      const bool function = !options_.blind && is_entry(rows_.at(extent.begin));
      entries.push_back({at, function ? EntryKind::kFunction : EntryKind::kLabel});
    }
    if (entries.empty()) return;
    const auto begin = std::chrono::steady_clock::now();
    CodeWalk walk(bytes->span(), entries, totals_.ours);
    std::vector<Judgement> judged(bytes->span().size());
    walk.observe([&](std::uint32_t at, const FrameState& state) {
      const sonde_row row = rows_.at(section.offset + at);
      const bool cfa = SONDE_ROW_RA_KIND(row) == SONDE_RA_CFA && state.gives_cfa(row);
      // A table goes on naming the slot of rbp after the pop: rbp itself is it then.
      judged[at] = !cfa                                                   ? Judgement::kWrong
                   : state.gives_rbp(row) || state.gives_rbp(sonde_row{}) ? Judgement::kCfaAndRbp
                                                                          : Judgement::kCfa;
    });
    walk.walk();
    std::vector<PlacedRule> rules;
    walk.emit(section.offset, rules);
    totals_.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    totals_.decoded += walk.instructions();
    for (const CodeExtent& extent : extents_) {
      if (extent.begin < section.offset || extent.begin >= section.offset + section.size) continue;
      const std::size_t first = extent.begin - section.offset;
      compare(extent, bytes->span().subspan(first), std::span(judged).subspan(first), rules);
    }
  }

 private:
  void compare(const CodeExtent& extent, ByteSpan code, std::span<const Judgement> judged,
               const std::vector<PlacedRule>& rules) {
    Instruction instruction;
    std::uint64_t at = 0;
    while (at < extent.length && at < code.size()) {
      if (!decoder_.scan(code.subspan(at), instruction)) return;
      const std::uint64_t offset = extent.begin + at;
      const Judgement judgement = judged[at];
      at += instruction.length;
      const sonde_row table = rows_.at(offset);
      if (instruction.is_padding || SONDE_ROW_CFA_KIND(table) == SONDE_CFA_UNSUPPORTED) continue;
      ++totals_.instructions;
      const sonde_row synth = synth_at(rules, offset);
      const bool known = SONDE_ROW_CFA_KIND(synth) != SONDE_CFA_NONE;
      if (known && judgement >= Judgement::kCfa) {
        ++totals_.agree;
        if (judgement == Judgement::kCfaAndRbp) ++totals_.rbp_agree;
        continue;
      }
      note(extent, offset, table, known ? &synth : nullptr, judgement);
    }
  }

  void note(const CodeExtent& extent, std::uint64_t offset, const sonde_row& table,
            const sonde_row* synth, Judgement judgement) {
    const std::string theirs = " where the table has " + kind_name(table);
    const std::string name = judgement == Judgement::kNotReached ? "not reached" + theirs
                             : synth == nullptr                  ? "unknown" + theirs
                                                                 : kind_name(*synth) + theirs;
    ++totals_.classes[name];
    if (extent.begin == last_shown_ || ++shown_[name] > options_.show) return;
    last_shown_ = extent.begin;
    std::printf("  %#llx (function %#llx): %s, table %d synth %d\n",
                static_cast<unsigned long long>(offset),
                static_cast<unsigned long long>(extent.begin), name.c_str(), table.cfa_param,
                synth == nullptr ? 0 : synth->cfa_param);
  }

  const Options& options_;
  const ElfFile& file_;
  const std::vector<CodeExtent>& extents_;
  TableRows rows_;
  Totals& totals_;
  InstructionDecoder decoder_;
  std::map<std::string, int> shown_;
  std::uint64_t last_shown_ = 0;
};

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

bool report(const std::string& path, const Totals& totals, const Options& options) {
  const double agreement = percent(totals.agree, totals.instructions);
  std::printf(
      "%s: %.3f %% of %llu instructions agree (rbp too: %.3f %%); %llu decoded, %.0f ns each\n",
      path.c_str(), agreement, static_cast<unsigned long long>(totals.instructions),
      percent(totals.rbp_agree, totals.instructions),
      static_cast<unsigned long long>(totals.decoded),
      totals.seconds * 1e9 / static_cast<double>(std::max<std::uint64_t>(1, totals.decoded)));
  for (const auto& [name, count] : totals.classes) {
    std::printf("%10llu  %s\n", static_cast<unsigned long long>(count), name.c_str());
  }
  for (std::size_t i = 0; i < totals.ours.size(); ++i) {
    if (totals.ours[i] == 0) continue;
    std::printf("%10llu  counted: %s\n", static_cast<unsigned long long>(totals.ours[i]),
                std::string(to_string(static_cast<RowClass>(i))).c_str());
  }
  if (totals.instructions == 0) std::puts("nothing was compared");
  return totals.instructions > 0 && agreement > options.least;
}

bool check_file(const std::string& path, const Options& options) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  auto file = ElfFile::open(fd.get());
  auto again = ElfFile::open(fd.get());
  if (!file || !again) {
    std::printf("%s: cannot be read\n", path.c_str());
    return false;
  }
  auto source = FrameSource::load(std::move(*again));
  if (!source) return false;
  RowClassCounts classes{};
  const RowTable table = source->build(classes);
  const std::vector<CodeExtent> extents = source->extents();
  Totals totals;
  FileCheck check(options, *file, extents, table, totals);
  for (const ElfSection& section : file->sections()) {
    // Linkage tables have a rule of their own that looks at the address.
    if ((section.flags & SHF_EXECINSTR) != 0 && !section.name.starts_with(".plt")) {
      check.check(section);
    }
  }
  return report(path, totals, options);
}

struct Sample {
  std::string path;
  double least = 0;  // per cent of the instructions that must agree
};

// In C++ libraries and in perl more code is reached by exceptions or lies behind calls that do not
// come back: code that has unwind tables wherever it matters.
std::vector<Sample> sample() {
  const std::string lib = "/usr/lib/x86_64-linux-gnu/";
  std::vector<Sample> out = {{lib + "libc.so.6", 99},    {lib + "libcrypto.so.3", 99},
                             {"/usr/bin/bash", 99},      {lib + "libm.so.6", 99},
                             {lib + "libzstd.so.1", 99}, {"/usr/bin/python3", 98},
                             {"/usr/bin/perl", 98},      {lib + "libstdc++.so.6", 92}};
  std::erase_if(out, [](const Sample& one) { return !std::filesystem::exists(one.path); });
  return out;
}

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  sonde::Options options;
  std::vector<sonde::Sample> files;
  double least = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--blind") {
      options.blind = true;
    } else if (argument == "--show" && i + 1 < argc) {
      options.show = std::atoi(argv[++i]);
    } else if (argument == "--min" && i + 1 < argc) {
      least = std::atof(argv[++i]);
    } else if (argument == "--sample") {
      files = sonde::sample();
    } else {
      files.push_back({argument, least});
    }
  }
  bool good = !files.empty();
  for (const sonde::Sample& file : files) {
    options.least = file.least;
    good = sonde::check_file(file.path, options) && good;
  }
  return good ? 0 : 1;
}
