// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/unwind/row_builder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "symbolizer/worker/unwind/cfi_machine.h"

namespace sonde {
namespace {

std::uint64_t end_of(const Fde& fde) { return fde.begin + fde.length; }

void count(RowClassCounts& classes, RowClass row_class, std::uint64_t by = 1) {
  classes[static_cast<std::size_t>(row_class)] += by;
}

bool is_debug(const Fde& fde) { return fde.section->bytes().debug; }

// Pointers to the FDEs by place, at one place .eh_frame first. Words are sorted, not FDEs: place
// and index in one. Places too far for a word are too far for any table (cut_pages()).
std::vector<Fde*> in_order(LargeVector<Fde>& fdes) {
  constexpr unsigned kIndexBits = 26;  // of 256 MiB of FDEs, and as much of .debug_frame
  constexpr std::uint64_t kFar = (std::uint64_t{1} << (64 - kIndexBits)) - 1;
  std::vector<std::uint64_t> keys(fdes.size());
  for (std::size_t i = 0; i < fdes.size(); ++i) {
    keys[i] = std::min(fdes[i].begin, kFar) << kIndexBits | i;
  }
  // They come in a few ascending runs, which merging is fast on.
  if (!std::ranges::is_sorted(keys)) std::ranges::stable_sort(keys);
  std::vector<Fde*> out(keys.size());
  constexpr std::uint64_t kIndex = (std::uint64_t{1} << kIndexBits) - 1;
  std::ranges::transform(keys, out.begin(), [&](std::uint64_t key) {
    return &fdes[static_cast<std::size_t>(key & kIndex)];
  });
  return out;
}

// Removes .debug_frame FDEs that touch code described by .eh_frame.
void drop_shadowed(std::vector<Fde*>& fdes) {
  std::uint64_t covered = 0;  // end of .eh_frame's code so far
  std::vector<bool> dropped(fdes.size());
  for (std::size_t i = 0; i < fdes.size(); ++i) {
    if (is_debug(*fdes[i])) {
      dropped[i] = fdes[i]->begin < covered;
    } else {
      covered = std::max(covered, end_of(*fdes[i]));
    }
  }
  std::uint64_t next = ~std::uint64_t{0};  // begin of .eh_frame's code behind
  for (std::size_t i = fdes.size(); i-- > 0;) {
    if (is_debug(*fdes[i])) {
      if (end_of(*fdes[i]) > next) dropped[i] = true;
    } else {
      next = fdes[i]->begin;
    }
  }
  std::size_t index = 0;
  std::erase_if(fdes, [&](const Fde*) { return dropped[index++]; });
}

// Makes the FDEs disjoint: a later begin ends the one before it, as a binary search over
// begins (what every runtime unwinder does) would see it.
void cut_overlaps(std::vector<Fde*>& fdes, RowClassCounts& classes) {
  std::size_t kept = 0;
  for (Fde* fde : fdes) {
    if (kept > 0 && end_of(*fdes[kept - 1]) > fde->begin) {
      Fde& previous = *fdes[kept - 1];
      count(classes, RowClass::kFdeOverlap);
      if (previous.begin == fde->begin) continue;  // a second one for the same code
      previous.length = static_cast<std::uint32_t>(fde->begin - previous.begin);
    }
    fdes[kept++] = fde;
  }
  fdes.resize(kept);
}

// Keeps the table inside what one image can address; a sparse hostile file could ask for more.
void cut_pages(std::vector<Fde*>& fdes, RowClassCounts& classes) {
  if (fdes.empty()) return;
  const std::uint64_t first = fdes.front()->begin >> SONDE_PAGE_SHIFT;
  const auto out_of_reach = [&](const Fde* fde) {
    const std::uint64_t last = end_of(*fde) >> SONDE_PAGE_SHIFT;
    return last - first >= SONDE_MAX_PAGES || last >= SONDE_TABLE_BASE_MASK;
  };
  const auto cut = std::ranges::find_if(fdes, out_of_reach);
  count(classes, RowClass::kPagesCut, static_cast<std::uint64_t>(fdes.end() - cut));
  fdes.erase(cut, fdes.end());
}

class FunctionRows {
 public:
  explicit FunctionRows(RowWriter& writer)
      : writer_(writer), stack_(std::make_unique<CfiMachine::StateStack>()) {}

  void add(const Fde& fde) {
    const Cie& cie = fde.section->cie(fde.cie);
    CfiMachine machine(cie.program, cie.initial, fde.instructions, fde.vaddr, *stack_);
    PackedState packed;
    std::uint64_t at = 0;
    while (at < fde.length) {
      const CfiMachine::Step step = machine.step();
      if (step == CfiMachine::Step::kBroken) {
        writer_.set(fde.begin + at, simple_rule(SONDE_CFA_UNSUPPORTED), RowClass::kOpcode);
        return;
      }
      if (machine.changed()) {
        packed = pack(machine.state(), cie.signal_frame);
        machine.clear_changed();
        writer_.set(fde.begin + at, packed.rule, packed.unsupported);
      }
      if (step == CfiMachine::Step::kEnd) return;
      at = machine.location();
    }
  }

 private:
  RowWriter& writer_;
  std::unique_ptr<CfiMachine::StateStack> stack_;
};

// Rules between FDEs, in one pass over both.
class GapRows {
 public:
  GapRows(RowWriter& writer, std::span<const PlacedRule> rules) : writer_(writer), rules_(rules) {}

  // Those in [begin, end); what lies before is covered by an FDE.
  void add(std::uint64_t begin, std::uint64_t end) {
    for (; next_ < rules_.size() && rules_[next_].file_offset < end; ++next_) {
      const PlacedRule& placed = rules_[next_];
      if (placed.file_offset >= begin) writer_.set(placed.file_offset, placed.rule);
    }
  }

 private:
  RowWriter& writer_;
  std::span<const PlacedRule> rules_;
  std::size_t next_ = 0;
};

}  // namespace

void RowWriter::set_any(std::uint64_t file_offset, RowRule rule,
                        std::optional<RowClass> unsupported) {
  const std::uint64_t page = file_offset >> SONDE_PAGE_SHIFT;
  const auto low = static_cast<std::uint16_t>(file_offset & SONDE_PAGE_MASK);
  if (!open_) {
    if (rule.is_none()) return;
    table_.first_page = page;
    open_page(page);
  }
  if (page != page_) advance_to(page);
  if (rule == rule_) return;
  rule_ = rule;
  if (unsupported) count(classes_, *unsupported);
  push(low, rule);
}

void RowWriter::advance_to(std::uint64_t page) {
  while (page_ < page) {
    close_page();
    open_page(page_ + 1);
  }
}

void RowWriter::open_page(std::uint64_t page) {
  open_ = true;
  page_ = page;
  page_first_ = static_cast<std::uint32_t>(table_.rows.size());
  page_rows_ = 0;
  push(0, rule_);
}

void RowWriter::push_any(std::uint16_t offset, RowRule rule) {
  if (page_rows_ == 0) return;  // the row space is full: this page stays empty
  const std::uint16_t last = table_.rows.back().offset;
  if (last == offset) {
    table_.rows.back() = rule.at(offset);  // an empty range: the later rule holds
    return;
  }
  count(classes_, RowClass::kPageFull);
  table_.rows.back() = simple_rule(SONDE_CFA_UNSUPPORTED).at(last);
}

void RowWriter::close_page() {
  if (!open_) return;
  if (page_rows_ == 1 && RowRule::from(table_.rows.back()).is_none()) {
    table_.rows.pop_back();
    page_rows_ = 0;
  }
  table_.pages.push_back(sonde_page{page_first_, page_rows_});
}

std::vector<Fde*> prepare_fdes(LargeVector<Fde>& fdes, RowClassCounts& classes) {
  std::vector<Fde*> out = in_order(fdes);
  if (std::ranges::any_of(fdes, is_debug)) drop_shadowed(out);
  cut_overlaps(out, classes);
  cut_pages(out, classes);
  return out;
}

void build_rows(std::span<Fde* const> fdes, std::span<const PlacedRule> between, RowTable& table,
                RowClassCounts& classes) {
  std::size_t instruction_bytes = 0;
  for (const Fde* fde : fdes) instruction_bytes += fde->instructions.size();
  table.rows.reserve(std::min(kMaxTableRows, instruction_bytes / 3 + fdes.size() + between.size()));
  RowWriter writer(table, classes);
  FunctionRows functions(writer);
  GapRows gaps(writer, between);
  std::uint64_t end = 0;
  for (const Fde* fde : fdes) {
    if (fde->begin - end >= kGapBytes) writer.set(end, RowRule{});
    gaps.add(end, fde->begin);
    functions.add(*fde);
    end = end_of(*fde);
  }
  writer.set(end, RowRule{});
  gaps.add(end, ~std::uint64_t{0});
  writer.finish();
}

}  // namespace sonde
