// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/file_names.h"

#include <elf.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/golang/function_table.h"
#include "symbolizer/worker/symbols/demangle.h"
#include "symbolizer/worker/symbols/file_identity.h"
#include "symbolizer/worker/symbols/linkage_stubs.h"
#include "symbolizer/worker/symbols/mini_debug_info.h"
#include "symbolizer/worker/symbols/names_message.h"
#include "symbolizer/worker/symbols/symbol_table.h"
#include "symbolizer/worker/unwind/file_rows.h"

namespace sonde {
namespace {

// A debug file is the right one by its build id, or by the CRC that the file itself names.
bool add_debug_file(const ElfFile& file, const NamesQuery& query, SymbolTable& table) {
  auto debug = ElfFile::open(query.debug_fd);
  if (!debug) return false;
  if (query.debug_crc) {
    auto crc = crc_of_file(debug->fd(), debug->size());
    if (!crc || *crc != *query.debug_crc) return false;
  } else {
    const std::string id = read_build_id(file);
    if (id.empty() || id != read_build_id(*debug)) return false;
  }
  table.add_tables(*debug);
  return true;
}

// Collects functions once each.
class MessageBuilder {
 public:
  explicit MessageBuilder(const SymbolTable& table) : table_(table) {}

  void add_unnamed(Reason reason, std::uint64_t begin) { message_.add_unnamed(reason, begin); }

  void add(const Symbol& symbol, std::uint64_t offset) {
    auto [found, is_new] = numbers_.try_emplace(&symbol, 0);
    if (is_new) {
      const std::string_view system_name = table_.name_of(symbol);
      found->second = message_.add_function(symbol.begin, system_name, demangle(system_name));
    }
    if (found->second == NamesMessage::kNoFunction) {
      add_unnamed(Reason::kTooLarge, offset);
    } else {
      message_.add_entry(found->second);
    }
  }

  [[nodiscard]] std::string finish() const { return message_.finish(); }

 private:
  const SymbolTable& table_;
  std::unordered_map<const Symbol*, std::uint32_t> numbers_;
  NamesMessage message_;
};

Reason reason_for(const ElfFile& file, const SymbolTable& table, std::uint64_t offset) {
  if (file.code_at(offset) == nullptr) return Reason::kOutsideFile;
  return table.empty() ? Reason::kNoSymbols : Reason::kNoSymbol;
}

// Begins of functions, for offsets without a symbol: unwind tables tell them, which most stripped
// files still have, and so does decoding code without such tables.
class FunctionStarts {
 public:
  explicit FunctionStarts(int fd) {
    auto file = ElfFile::open(fd);
    if (!file) return;
    auto source = FrameSource::load(std::move(*file));
    if (!source) return;
    extents_ = source->extents();
    source_.emplace(std::move(*source));
  }

  // The offset itself if nothing is known about it.
  [[nodiscard]] std::uint64_t begin_of(std::uint64_t offset) {
    if (const auto begin = find(extents_, offset)) return *begin;
    if (source_) {
      bare_ = source_->bare_extents();
      source_.reset();
    }
    return find(bare_, offset).value_or(offset);
  }

 private:
  static std::optional<std::uint64_t> find(const std::vector<CodeExtent>& extents,
                                           std::uint64_t offset) {
    auto after = std::ranges::upper_bound(extents, offset, {}, &CodeExtent::begin);
    if (after == extents.begin()) return std::nullopt;
    const CodeExtent& extent = *std::prev(after);
    if (offset - extent.begin >= extent.length) return std::nullopt;
    return extent.begin;
  }

  std::vector<CodeExtent> extents_;
  std::vector<CodeExtent> bare_;
  std::optional<FrameSource> source_;  // until its bare code has been decoded
};

// A Go program has names of its functions even when it is stripped; what .symtab says is the same.
void add_go_names(const ElfFile& file, std::span<const std::uint64_t> offsets, SymbolTable& table) {
  auto functions = GoFunctionTable::open(file);
  if (!functions) return;
  std::uint64_t last = ~std::uint64_t{0};
  functions->find(offsets, [&](std::uint64_t, const GoFunction& function) {
    if (function.begin == last) return;
    last = function.begin;
    const std::string name = functions->name_of(function);
    if (!name.empty()) table.add_synthetic(last, function.end - last, name);
  });
}

}  // namespace

Result<NamesReply> names_of(const NamesQuery& query) {
  auto file = ElfFile::open(query.fd);
  if (!file) return file.error();
  NamesReply reply;
  SymbolTable table(*file);
  if (file->sections().empty()) {
    table.add_dynamic(*file);
  } else {
    table.add_tables(*file);
  }
  add_mini_debug_info(*file, table);
  if (file->find_section(".symtab") == nullptr) add_go_names(*file, query.offsets, table);
  if (query.debug_fd >= 0) reply.debug_file_rejected = !add_debug_file(*file, query, table);
  const bool has_names = !table.empty();
  if (has_names) add_linkage_stubs(*file, table);
  table.finish();

  const std::vector<const Symbol*> found = table.find(query.offsets);
  MessageBuilder builder(table);
  std::optional<FunctionStarts> starts;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::uint64_t offset = query.offsets[i];
    if (found[i] != nullptr) {
      builder.add(*found[i], offset);
      continue;
    }
    if (!starts) starts.emplace(query.fd);
    builder.add_unnamed(reason_for(*file, table, offset), starts->begin_of(offset));
  }
  reply.message = builder.finish();
  return reply;
}

}  // namespace sonde
