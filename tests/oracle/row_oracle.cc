// SPDX-License-Identifier: Apache-2.0
// The row oracle: our unwind rows against libdw's, at every row of every function.
//   row_oracle FILE...      these files
//   row_oracle --sample     a dozen installed files (CI)
//   row_oracle --all        every ELF file under /usr
// Rules are compared by what they compute (oracle_rule.h). Differences fall into named classes,
// counted and printed with one example each; `mismatch` must be 0, or the exit code is 1. Go
// programs have .debug_frame alone, and only the CFA and the return address are compared.
#include <elf.h>
#include <fcntl.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/golang/function_table.h"
#include "symbolizer/worker/unwind/file_rows.h"
#include "tests/oracle/oracle_rule.h"

namespace sonde {
namespace {

struct EndElf {
  void operator()(Elf* elf) const noexcept { elf_end(elf); }
};
struct EndCfi {
  void operator()(Dwarf_CFI* cfi) const noexcept { dwarf_cfi_end(cfi); }
};
struct EndDwarf {
  void operator()(Dwarf* dwarf) const noexcept { dwarf_end(dwarf); }
};
struct FreeFrame {
  void operator()(Dwarf_Frame* frame) const noexcept { std::free(frame); }
};
using FramePtr = std::unique_ptr<Dwarf_Frame, FreeFrame>;

struct Totals {
  std::uint64_t files = 0;
  std::uint64_t skipped_files = 0;
  std::uint64_t rows = 0;       // libdw's, compared
  std::uint64_t functions = 0;  // gaps probed
  std::map<std::string, std::uint64_t> classes;
  std::map<std::string, std::string> examples;
  RowClassCounts ours{};  // what our builder says it left out

  void add(const std::string& name, const std::string& example) {
    if (++classes[name] == 1) examples[name] = example;
  }
};

// Our table as a function of the file offset.
class OurRows {
 public:
  explicit OurRows(const RowTable& table) : table_(table) {}

  [[nodiscard]] sonde_row at(std::uint64_t offset) const {
    const auto rows = page_rows(offset >> SONDE_PAGE_SHIFT);
    const auto low = static_cast<std::uint16_t>(offset & SONDE_PAGE_MASK);
    auto next = std::ranges::upper_bound(rows, low, {}, &sonde_row::offset);
    if (next == rows.begin()) return sonde_row{};
    sonde_row row = *--next;
    row.offset = 0;
    return row;
  }
  // The next offset after `offset` where a row begins, at most the next page's start.
  [[nodiscard]] std::uint64_t next_boundary(std::uint64_t offset) const {
    const std::uint64_t page = offset >> SONDE_PAGE_SHIFT;
    const auto rows = page_rows(page);
    const auto low = static_cast<std::uint16_t>(offset & SONDE_PAGE_MASK);
    const auto next = std::ranges::upper_bound(rows, low, {}, &sonde_row::offset);
    if (next == rows.end()) return (page + 1) << SONDE_PAGE_SHIFT;
    return (page << SONDE_PAGE_SHIFT) | next->offset;
  }

 private:
  [[nodiscard]] std::span<const sonde_row> page_rows(std::uint64_t page) const {
    if (page < table_.first_page || page - table_.first_page >= table_.pages.size()) return {};
    const sonde_page& entry = table_.pages[page - table_.first_page];
    return std::span(table_.rows).subspan(entry.first, entry.count);
  }
  const RowTable& table_;
};

bool same(const sonde_row& a, const sonde_row& b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

class FileOracle {
 public:
  // without_rbp   the tables do not say what becomes of rbp: Go's .debug_frame
  FileOracle(std::string path, const OurRows& ours, Dwarf_CFI* cfi, bool without_rbp,
             Totals& totals)
      : path_(std::move(path)),
        ours_(ours),
        cfi_(cfi),
        without_rbp_(without_rbp),
        totals_(totals) {}

  void check_segment(const ElfSegment& segment) {
    std::uint64_t vaddr = segment.vaddr;
    const std::uint64_t end = segment.vaddr + segment.file_bytes;
    bias_ = segment.offset - segment.vaddr;
    while (vaddr < end) {
      const FramePtr frame = frame_at(vaddr);
      vaddr = frame ? check_frame(frame.get(), vaddr, end) : check_gap(vaddr, end);
    }
  }

 private:
  [[nodiscard]] FramePtr frame_at(std::uint64_t vaddr) const {
    Dwarf_Frame* frame = nullptr;
    if (dwarf_cfi_addrframe(cfi_, vaddr, &frame) != 0) return nullptr;
    return FramePtr(frame);
  }
  [[nodiscard]] sonde_row row_at(std::uint64_t vaddr) const { return ours_.at(vaddr + bias_); }
  [[nodiscard]] std::uint64_t boundary_after(std::uint64_t vaddr) const {
    return ours_.next_boundary(vaddr + bias_) - bias_;
  }

  std::uint64_t check_frame(Dwarf_Frame* frame, std::uint64_t vaddr, std::uint64_t limit) {
    Dwarf_Addr begin = 0;
    Dwarf_Addr end = 0;
    bool signal = false;
    dwarf_frame_info(frame, &begin, &end, &signal);
    end = std::min<std::uint64_t>(end, limit);
    if (end <= vaddr) {
      note("libdw_empty_row", vaddr, "", "");
      return vaddr + 1;
    }
    ++totals_.rows;
    // Every row of ours inside libdw's interval must compute the same.
    for (std::uint64_t at = vaddr; at < end; at = boundary_after(at)) {
      compare(frame, row_at(at), at, std::min<std::uint64_t>(end, boundary_after(at)));
    }
    return end;
  }

  void compare(Dwarf_Frame* frame, const sonde_row& row, std::uint64_t begin, std::uint64_t end) {
    // Only a linkage table's rule looks at the address.
    const bool each_byte = SONDE_ROW_CFA_KIND(row) == SONDE_CFA_PLT;
    const std::uint64_t last = each_byte ? std::min<std::uint64_t>(end, begin + 32) : begin + 1;
    for (std::uint64_t pc = begin; pc < last; ++pc) {
      for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{77}}) {
        const OracleState state = OracleState::make(seed, pc);
        const LibdwResult theirs = evaluate_libdw(frame, state);
        const auto result = evaluate_row(row, state);
        if (!judge(row, result, theirs, pc)) return;
      }
    }
  }

  bool judge(const sonde_row& row, const std::optional<OracleFrame>& ours,
             const LibdwResult& theirs, std::uint64_t pc) {
    const std::string text = theirs.failed ? "not evaluated" : to_string(theirs.frame);
    const unsigned kind = SONDE_ROW_CFA_KIND(row);
    if (without_rbp_ && (kind == SONDE_CFA_END || kind == SONDE_CFA_SIGNAL ||
                         kind == SONDE_CFA_GO_SWITCH || kind == SONDE_CFA_DEREF_RSP)) {
      note("runtime_switch", pc, "a rule of the Go runtime", text);
      return false;
    }
    if (!ours) {
      const bool named = SONDE_ROW_CFA_KIND(row) == SONDE_CFA_UNSUPPORTED;
      note(named ? "ours_unsupported" : "mismatch", pc, named ? "unsupported" : "no row", text);
      return false;
    }
    if (theirs.failed) {
      note("libdw_failed", pc, to_string(*ours), text);
      return false;
    }
    OracleFrame expected = theirs.frame;
    // Only the kernel's own frame is told apart by our rows; the mark of a frame that merely
    // carries the augmentation 'S' is not needed to walk it.
    if (!ours->is_signal && expected.is_signal) expected.is_signal = false;
    if (without_rbp_) expected.rbp = ours->rbp;
    if (!(*ours == expected)) {
      note("mismatch", pc, to_string(*ours), text);
      return false;
    }
    if (theirs.rbp_undefined && !without_rbp_) note("rbp_undefined", pc, to_string(*ours), text);
    return !theirs.rbp_undefined;
  }

  // libdw knows nothing at `vaddr`. Returns where to go on.
  std::uint64_t check_gap(std::uint64_t vaddr, std::uint64_t end) {
    const sonde_row row = row_at(vaddr);
    if (SONDE_ROW_CFA_KIND(row) == SONDE_CFA_NONE) {
      ++totals_.functions;
      const std::uint64_t next = std::min(end, boundary_after(vaddr));
      // Ours has nothing either; libdw must agree all the way.
      for (const std::uint64_t probe : {vaddr + (next - vaddr) / 2, next - 1}) {
        if (probe > vaddr && frame_at(probe)) return std::max(vaddr + 1, first_frame(vaddr, probe));
      }
      return next;
    }
    // Padding shorter than 16 bytes is bridged on purpose.
    for (std::uint64_t at = vaddr + 1; at < end && at < vaddr + 16; ++at) {
      if (frame_at(at)) {
        note("bridged_gap", vaddr, "rule of the function before", "no FDE");
        return at;
      }
      if (SONDE_ROW_CFA_KIND(row_at(at)) == SONDE_CFA_NONE) return at;
    }
    note("libdw_no_fde", vaddr, describe(row, vaddr), "no FDE");
    std::uint64_t next = boundary_after(vaddr);
    while (next < end && same(row_at(next), row)) next = boundary_after(next);
    return std::min(end, next);
  }

  std::uint64_t first_frame(std::uint64_t low, std::uint64_t high) const {
    while (low + 1 < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      (frame_at(middle) ? high : low) = middle;
    }
    return high;
  }

  static std::string describe(const sonde_row& row, std::uint64_t pc) {
    const auto frame = evaluate_row(row, OracleState::make(1, pc));
    return frame ? to_string(*frame) : "unsupported";
  }

  void note(const std::string& name, std::uint64_t vaddr, const std::string& ours,
            const std::string& theirs) {
    char place[32];
    std::snprintf(place, sizeof(place), "%#llx", static_cast<unsigned long long>(vaddr));
    totals_.add(name, path_ + " at " + place + ": ours {" + ours + "} libdw {" + theirs + "}");
  }

  std::string path_;
  const OurRows& ours_;
  Dwarf_CFI* cfi_;
  bool without_rbp_;
  Totals& totals_;
  std::uint64_t bias_ = 0;  // file offset - virtual address, of the current segment
};

void check_file(const std::string& path, Totals& totals) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    ++totals.skipped_files;
    return;
  }
  auto file = ElfFile::open(fd.get());
  if (!file) {
    ++totals.skipped_files;
    return;
  }
  const std::vector<ElfSegment> segments = file->segments();
  const bool is_go = GoFunctionTable::open(*file).has_value();
  auto source = FrameSource::load(std::move(*file));
  const std::unique_ptr<Elf, EndElf> elf(elf_begin(fd.get(), ELF_C_READ_MMAP, nullptr));
  const std::unique_ptr<Dwarf_CFI, EndCfi> cfi(elf ? dwarf_getcfi_elf(elf.get()) : nullptr);
  const std::unique_ptr<Dwarf, EndDwarf> dwarf(
      is_go && elf ? dwarf_begin_elf(elf.get(), DWARF_C_READ, nullptr) : nullptr);
  Dwarf_CFI* const tables = dwarf ? dwarf_getcfi(dwarf.get()) : cfi.get();
  if (!source || source->empty() || tables == nullptr) {
    ++totals.skipped_files;
    return;
  }
  RowClassCounts classes{};
  const RowTable table = source->build(classes);
  for (std::size_t i = 0; i < classes.size(); ++i) totals.ours[i] += classes[i];
  const OurRows ours(table);
  ++totals.files;
  FileOracle oracle(path, ours, tables, is_go, totals);
  for (const ElfSegment& segment : segments) {
    if (segment.type == PT_LOAD && (segment.flags & PF_X) != 0) oracle.check_segment(segment);
  }
}

std::vector<std::string> sample() {
  std::vector<std::string> out;
  const std::string lib = "/usr/lib/x86_64-linux-gnu/";
  for (const std::string& path :
       {lib + "libc.so.6", lib + "ld-linux-x86-64.so.2", lib + "libm.so.6", lib + "libstdc++.so.6",
        lib + "libgcc_s.so.1", lib + "libcrypto.so.3", lib + "libz.so.1", lib + "libelf.so.1",
        lib + "libzstd.so.1", lib + "libLLVM-14.so.1", std::string("/usr/bin/bash"),
        std::string("/usr/bin/python3"), std::string("/usr/bin/perl"),
        std::string("/usr/bin/x86_64-linux-gnu-ld.gold"), std::string("/usr/bin/clang-14")}) {
    if (std::filesystem::exists(path)) out.push_back(path);
  }
  return out;
}

std::vector<std::string> everything() {
  namespace fs = std::filesystem;
  std::set<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator walk("/usr", fs::directory_options::skip_permission_denied,
                                        error);
  for (const fs::recursive_directory_iterator end; walk != end; walk.increment(error)) {
    if (error) break;
    const bool regular = walk->is_regular_file(error) && !walk->is_symlink(error);
    if (regular && walk->file_size(error) > 64) out.insert(walk->path().string());
  }
  return {out.begin(), out.end()};
}

int run(const std::vector<std::string>& paths) {
  const auto begin = std::chrono::steady_clock::now();
  Totals totals;
  for (const std::string& path : paths) check_file(path, totals);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf(
      "%llu files, %llu rows of libdw compared, %llu gaps probed, %llu files without "
      "unwind tables; %.1f s\n",
      static_cast<unsigned long long>(totals.files), static_cast<unsigned long long>(totals.rows),
      static_cast<unsigned long long>(totals.functions),
      static_cast<unsigned long long>(totals.skipped_files), seconds);
  for (const auto& [name, count] : totals.classes) {
    std::printf("%10llu  %s\n            e.g. %s\n", static_cast<unsigned long long>(count),
                name.c_str(), totals.examples[name].c_str());
  }
  for (std::size_t i = 0; i < totals.ours.size(); ++i) {
    if (totals.ours[i] == 0) continue;
    std::printf("%10llu  left out: %s\n", static_cast<unsigned long long>(totals.ours[i]),
                std::string(to_string(static_cast<RowClass>(i))).c_str());
  }
  if (totals.files == 0 || totals.rows == 0) {
    std::puts("nothing was compared");
    return 1;
  }
  return totals.classes.contains("mismatch") ? 1 : 0;
}

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  elf_version(EV_CURRENT);
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--sample") {
      paths = sonde::sample();
    } else if (argument == "--all") {
      paths = sonde::everything();
    } else {
      paths.push_back(argument);
    }
  }
  return sonde::run(paths);
}
