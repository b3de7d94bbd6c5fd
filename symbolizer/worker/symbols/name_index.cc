// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/name_index.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/golang/function_table.h"
#include "symbolizer/worker/symbols/demangle.h"
#include "symbolizer/worker/symbols/linkage_stubs.h"
#include "symbolizer/worker/symbols/mini_debug_info.h"
#include "symbolizer/worker/symbols/names_message.h"

namespace sonde {
namespace {

Reason reason_for(const ElfFile& file, const SymbolTable& table, std::uint64_t offset) {
  if (file.code_at(offset) == nullptr) return Reason::kOutsideFile;
  return table.empty() ? Reason::kNoSymbols : Reason::kNoSymbol;
}

// Collects the functions of one answer, each once.
class Answer {
 public:
  explicit Answer(std::size_t named_count) : numbers_(named_count, kNew) {}

  NamesMessage& message() { return message_; }
  // The number of the function in the message, added by `add` if it is not there yet.
  template <typename Add>
  std::uint32_t number_of(std::uint32_t named, const Add& add) {
    std::uint32_t& number = numbers_[named];
    if (number == kNew) number = add();
    return number;
  }

 private:
  static constexpr std::uint32_t kNew = 0xfffffffe;
  std::vector<std::uint32_t> numbers_;
  NamesMessage message_;
};

}  // namespace

NameIndex NameIndex::read(const NameFiles& files, std::span<const std::uint64_t> offsets,
                          std::optional<FunctionStarts> starts) {
  NameIndex index(files.file);
  index.starts_ = std::move(starts);
  SymbolTable& symbols = index.symbols_;
  if (files.file.sections().empty()) {
    symbols.add_dynamic(files.file);
  } else {
    symbols.add_tables(files.file, SymbolOrigin::kFile);
  }
  add_mini_debug_info(files.file, symbols);
  if (files.file.find_section(".symtab") == nullptr) index.add_go_names(files.file, offsets);
  if (files.debug_file != nullptr) {
    symbols.add_tables(*files.debug_file, SymbolOrigin::kDebugFile);
  }
  if (!symbols.empty()) add_linkage_stubs(files.file, symbols);
  NameReader names(symbols.strings(), files.file, files.debug_file);
  symbols.finish(names);
  return index;
}

// A Go program has names of its functions even when it is stripped; what .symtab says is the same.
void NameIndex::add_go_names(const ElfFile& file, std::span<const std::uint64_t> offsets) {
  auto functions = GoFunctionTable::open(file);
  if (!functions) return;
  whole_ = false;
  std::uint64_t last = ~std::uint64_t{0};
  functions->find(offsets, [&](std::uint64_t, const GoFunction& function) {
    if (function.begin == last) return;
    last = function.begin;
    const std::string name = functions->name_of(function);
    if (!name.empty()) symbols_.add_synthetic(last, function.end - last, name);
  });
}

NamesAnswer NameIndex::answer(const NameFiles& files, std::span<const std::uint64_t> offsets) {
  const std::vector<const Symbol*> found = symbols_.find(offsets);
  name(files, found);
  const bool in_place = are_most_of_texts(found);
  Answer answer(named_.size());
  NamesMessage& message = answer.message();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == nullptr) {
      if (!starts_) starts_ = FunctionStarts::read(files.file.fd());
      message.add_unnamed(reason_for(files.file, symbols_, offsets[i]),
                          starts_->begin_of(offsets[i]));
    } else if (i > 0 && found[i] == found[i - 1]) {
      message.repeat_entry(offsets[i]);
    } else {
      const std::uint32_t which = numbers_.at(found[i]);
      const Named& named = named_[which];
      const std::uint32_t number = answer.number_of(which, [&] {
        if (named.reason != Reason::kNone) return NamesMessage::kNoFunction;
        if (in_place) return message.add_placed(named.place(found[i]->begin()));
        const std::string_view text = std::string_view(*texts_).substr(named.text);
        return message.add_function(found[i]->begin(), text.substr(0, named.system_bytes),
                                    text.substr(named.system_bytes, named.bytes));
      });
      if (number != NamesMessage::kNoFunction) {
        message.add_entry(number);
      } else {
        const bool full = named.reason == Reason::kNone;
        message.add_unnamed(full ? Reason::kTooLarge : named.reason, offsets[i]);
      }
    }
  }
  if (in_place) return {message.head(texts_->size()), texts_};
  auto strings = std::make_shared<const std::string>(message.take_strings());
  return {message.head(strings->size()), strings};
}

// Then they are sent as they lie, which spares copying each name.
bool NameIndex::are_most_of_texts(std::span<const Symbol* const> found) const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == nullptr || (i > 0 && found[i] == found[i - 1])) continue;
    const Named& named = named_[numbers_.at(found[i])];
    sum += named.system_bytes + named.bytes;
  }
  // A client takes no more than so much for each of its offsets.
  return sum >= texts_->size() / 2 && texts_->size() <= found.size() * kMaxNameBytes;
}

// Reads the names that are asked for the first time, in the order in which they lie in the file.
void NameIndex::name(const NameFiles& files, std::span<const Symbol* const> found) {
  std::vector<const Symbol*> unknown;
  const Symbol* last = nullptr;
  for (const Symbol* symbol : found) {
    if (symbol == nullptr || symbol == last) continue;
    last = symbol;
    if (numbers_.try_emplace(symbol, 0).second) unknown.push_back(symbol);
  }
  std::ranges::sort(unknown, [](const Symbol* a, const Symbol* b) {
    return std::tuple(a->strings, a->name) < std::tuple(b->strings, b->name);
  });
  NameReader names(symbols_.strings(), files.file, files.debug_file);
  for (const Symbol* symbol : unknown) add_name(*symbol, symbols_.name_of(*symbol, names));
}

void NameIndex::add_name(const Symbol& symbol, std::string_view system_name) {
  numbers_.at(&symbol) = static_cast<std::uint32_t>(named_.size());
  Named named{.text = texts_->size()};
  if (system_name.empty()) {
    named.reason = Reason::kNoSymbol;
  } else if (texts_->size() > NamesMessage::kMaxStringBytes) {
    named.reason = Reason::kTooLarge;
  } else {
    named.system_bytes = static_cast<std::uint32_t>(system_name.size());
    *texts_ += system_name;
    const std::string demangled = demangle(system_name);
    named.bytes = static_cast<std::uint32_t>(demangled.size());
    *texts_ += demangled;
  }
  named_.push_back(named);
}

std::size_t NameIndex::bytes() const {
  constexpr std::size_t kMapBytes = 40;  // an entry and its part of the buckets
  return symbols_.bytes() + (starts_ ? starts_->bytes() : 0) + numbers_.size() * kMapBytes +
         named_.capacity() * sizeof(Named) + texts_->capacity();
}

}  // namespace sonde
