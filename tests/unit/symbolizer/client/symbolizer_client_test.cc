// SPDX-License-Identifier: Apache-2.0
// Every reason for which a file is refused or an address has no name, forced over the real worker
// and, where the worker itself must fail, over programs that fail in its place.
#include "symbolizer/client/symbolizer_client.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <array>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "core/base/fd.h"
#include "core/base/foreign_file.h"
#include "core/base/sanitizer.h"
#include "tests/support/require.h"
#include "tests/support/stuck_file_system.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

UniqueFd memory_file(const std::string& bytes) {
  UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return fd;
}

// Two functions with a gap of 64 bytes that no symbol covers.
std::string build_program(const std::string& link_options) {
  const std::string base = testing::TempDir() + "named_" + std::to_string(::getpid());
  std::ofstream(base + ".s") << ".text\n.globl _start\n.type _start,@function\n_start:\n"
                                ".cfi_startproc\n.cfi_undefined rip\n call named\n hlt\n"
                                ".cfi_endproc\n.size _start,.-_start\n.skip 64,0x90\n"
                                ".globl named\n.type named,@function\nnamed:\n.cfi_startproc\n"
                                " ret\n.cfi_endproc\n.size named,.-named\n";
  const std::string command = "as -o " + base + ".o " + base + ".s && ld " + link_options + " -o " +
                              base + " " + base + ".o";
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  std::ifstream in(base, std::ios::binary);
  std::string read{std::istreambuf_iterator<char>(in), {}};
  for (const char* suffix : {"", ".s", ".o"}) ::unlink((base + suffix).c_str());
  return read;
}

// Built once.
const std::string& program_bytes() {
  static const std::string bytes = build_program("");
  return bytes;
}

// The program with one field of its ELF header overwritten.
template <typename T>
UniqueFd patched(std::size_t offset, T value) {
  std::string bytes = program_bytes();
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
  return memory_file(bytes);
}

// File offset of the program's code: of its one executable segment.
std::uint64_t code_offset() {
  const std::string& bytes = program_bytes();
  Elf64_Ehdr header{};
  std::memcpy(&header, bytes.data(), sizeof(header));
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof(segment), sizeof(segment));
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) return segment.p_offset;
  }
  return 0;
}

SymbolizerClient::Options real_worker() {
  SymbolizerClient::Options options;
  options.executable = SONDE_WORKER_PROGRAM;
  return options;
}

// A shell script in the worker's place; its socket is descriptor 3.
SymbolizerClient::Options script_worker(const std::string& script) {
  SymbolizerClient::Options options;
  options.executable = "/bin/sh";
  options.arguments = {"-c", script};
  options.deadline = std::chrono::milliseconds(300);
  return options;
}

Reason refusal(const SymbolizerClient::Options& options, int fd) {
  auto client = SymbolizerClient::start(options);
  if (!client) return reason_of(client.error());
  const auto rows = (*client)->rows(fd);
  return rows ? Reason::kNone : reason_of(rows.error());
}
Reason refusal(const UniqueFd& fd) { return refusal(real_worker(), fd.get()); }

Reason name_reason(const UniqueFd& fd, std::uint64_t offset) {
  auto client = SymbolizerClient::start(real_worker());
  if (!client) return reason_of(client.error());
  const auto table =
      (*client)->names({.fd = fd.get(), .offsets = {&offset, 1}, .root = {}, .path = {}});
  return table ? table->entries.at(0).reason : reason_of(table.error());
}

TEST(SymbolizerClientTest, AFunctionIsNamedByItsOffset) {
  const UniqueFd fd = memory_file(program_bytes());
  auto client = SymbolizerClient::start(real_worker());
  ASSERT_TRUE(client.ok()) << client.error().message;
  const std::uint64_t offset = code_offset() + 6 + 64;
  const auto table =
      (*client)->names({.fd = fd.get(), .offsets = {&offset, 1}, .root = {}, .path = {}});
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->functions.size(), 1U);
  EXPECT_EQ(table->functions[0].name, "named");
  EXPECT_EQ(table->functions[0].file_offset, offset);
}

TEST(SymbolizerClientTest, RowsCanStillBeHadOfAFileWhoseNamesWereAskedFor) {
  const UniqueFd fd = memory_file(program_bytes());
  auto client = SymbolizerClient::start(real_worker());
  ASSERT_TRUE(client.ok()) << client.error().message;
  const std::array<std::uint64_t, 1> offsets = {code_offset() + 30};
  const NameRequest request{.fd = fd.get(), .offsets = offsets, .root = {}, .path = {}};
  for (const std::uint64_t reused : {0U, 1U}) {
    ASSERT_TRUE((*client)->names(request).ok());
    EXPECT_EQ((*client)->counters().names_reused, reused);
  }
  const auto rows = (*client)->rows(fd.get());
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_FALSE(rows->pages.empty());
  EXPECT_EQ((*client)->counters().worker_restarts, 0U);
}

TEST(SymbolizerClientTest, AddressesWithoutANameSayWhy) {
  const UniqueFd program = memory_file(program_bytes());
  EXPECT_EQ(name_reason(program, code_offset() + 30), Reason::kNoSymbol);
  EXPECT_EQ(name_reason(program, 1ULL << 40), Reason::kOutsideFile);
  // Without section headers there is no symbol table to be found.
  EXPECT_EQ(name_reason(patched(offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{0}), code_offset()),
            Reason::kNoSymbols);
}

TEST(SymbolizerClientTest, AFunctionOfAStrippedFileIsKnownByWhereItBegins) {
  const UniqueFd fd = memory_file(build_program("-s"));
  auto client = SymbolizerClient::start(real_worker());
  ASSERT_TRUE(client.ok()) << client.error().message;
  // Inside the first function, in the gap behind it, past the file.
  const std::vector<std::uint64_t> offsets = {code_offset() + 5, code_offset() + 30, 1ULL << 40};
  const auto table = (*client)->names({.fd = fd.get(), .offsets = offsets, .root = {}, .path = {}});
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->entries.size(), offsets.size());
  for (const NameTable::Entry& entry : table->entries) {
    EXPECT_EQ(entry.function, NameTable::kNoFunction);
  }
  EXPECT_EQ(table->entries[0].reason, Reason::kNoSymbols);
  EXPECT_EQ(table->entries[0].begin, code_offset());
  EXPECT_EQ(table->entries[1].begin, offsets[1]);
  EXPECT_EQ(table->entries[2].begin, offsets[2]);
}

// What a user of the host shows to a program of root is no debug file of it.
TEST(SymbolizerClientTest, ADebugFileOfAnotherUserThanTheFilesIsRejected) {
  SONDE_NEED_ROOT();  // to give files to others
  const TemporaryDirectory root;
  const UniqueFd fd = memory_file(build_program("-s --build-id=0x0123456789abcdef"));
  const std::filesystem::path folder = root.path() / "usr/lib/debug/.build-id/01";
  const std::string file = folder / "23456789abcdef.debug";
  std::filesystem::create_directories(folder);
  std::ofstream(file, std::ios::binary) << build_program("--build-id=0x0123456789abcdef");
  auto client = SymbolizerClient::start(real_worker());
  ASSERT_TRUE(client.ok()) << client.error().message;
  const std::uint64_t offset = code_offset();
  const auto reason = [&] {
    const auto table = (*client)->names(
        {.fd = fd.get(), .offsets = {&offset, 1}, .root = root.path(), .path = "/a"});
    return table ? table->entries.at(0).reason : reason_of(table.error());
  };
  constexpr uid_t kUser = 1000;
  constexpr uid_t kOther = 1001;
  EXPECT_EQ(reason(), Reason::kNone) << "root's";
  ASSERT_EQ(::chown(file.c_str(), kUser, kUser), 0);
  EXPECT_EQ(reason(), Reason::kNoSymbols) << "a user's, of root's program";
  EXPECT_EQ((*client)->counters().debug_files_rejected, 1U);
  ASSERT_EQ(::fchown(fd.get(), kUser, kUser), 0);
  EXPECT_EQ(reason(), Reason::kNone) << "the same user's";
  ASSERT_EQ(::fchown(fd.get(), kOther, kOther), 0);
  EXPECT_EQ(reason(), Reason::kNoSymbols) << "another one's";
}

// debug_files_stuck
TEST(SymbolizerClientTest, ADebugFileThatDoesNotAnswerHoldsNothingUp) {
  SONDE_NEED_ROOT();  // to mount
  const std::string root = testing::TempDir() + "root_" + std::to_string(::getpid());
  StuckFileSystem files(root + "/usr/lib/debug", "file", "text");
  ASSERT_TRUE(files.is_mounted());
  files.stop_answering();
  const UniqueFd fd = memory_file(build_program("-s --build-id"));
  auto client = SymbolizerClient::start(real_worker());
  ASSERT_TRUE(client.ok()) << client.error().message;
  const std::uint64_t offset = code_offset();
  for (int i = 0; i < 10; ++i) {
    const auto table =
        (*client)->names({.fd = fd.get(), .offsets = {&offset, 1}, .root = root, .path = "/a"});
    ASSERT_TRUE(table.ok());
    EXPECT_EQ(table->entries.at(0).reason, Reason::kNoSymbols);
  }
  EXPECT_EQ((*client)->counters().debug_files_stuck, 10U)
      << "two waited, the others were not tried";
}

// workers_stuck
TEST(SymbolizerClientTest, AWorkerThatCannotBeEndedHoldsNothingUp) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(testing::TempDir() + "worker_" + std::to_string(::getpid()), "file",
                        program_bytes());
  ASSERT_TRUE(files.is_mounted());
  SymbolizerClient::Options options = real_worker();
  options.deadline = std::chrono::seconds(2);
  auto client = SymbolizerClient::start(options);
  ASSERT_TRUE(client.ok()) << client.error().message;
  const ForeignFile stuck =
      adopt_foreign(UniqueFd(::open(files.file().c_str(), O_RDONLY | O_CLOEXEC)));
  ASSERT_TRUE(stuck);
  files.stop_answering();
  const int worker = (*client)->worker_pids().at(0);
  const auto before = std::chrono::steady_clock::now();
  const auto info = (*client)->describe(stuck->get());
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
  ASSERT_FALSE(info.ok());
  EXPECT_EQ(reason_of(info.error()), Reason::kWorkerDeadline);
  EXPECT_EQ(::kill(worker, 0), 0) << "it ended: the rest of this test shows nothing";
  EXPECT_EQ((*client)->counters().workers_stuck, 1U);
  // The next worker is started while the file is open here, and its server silent.
  EXPECT_TRUE((*client)->describe(memory_file(program_bytes()).get()).ok());
}

TEST(SymbolizerClientTest, FilesThatAreNoProgramOfThisMachineAreRefusedByKind) {
  EXPECT_EQ(refusal(memory_file("#!/bin/sh\n" + std::string(100, 'x'))), Reason::kNotElf);
  EXPECT_EQ(refusal(patched(EI_CLASS, std::uint8_t{ELFCLASS32})), Reason::kElf32);
  EXPECT_EQ(refusal(patched(EI_DATA, std::uint8_t{ELFDATA2MSB})), Reason::kBigEndian);
  EXPECT_EQ(refusal(patched(offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_AARCH64})),
            Reason::kOtherMachine);
  EXPECT_EQ(refusal(patched(offsetof(Elf64_Ehdr, e_phoff), ~std::uint64_t{0} - 4096)),
            Reason::kCorrupt);
}

TEST(SymbolizerClientTest, ATableOverTheLimitIsTooLarge) {
  std::string bytes = program_bytes();
  Elf64_Ehdr header{};
  std::memcpy(&header, bytes.data(), sizeof(header));
  for (std::size_t i = 0; i < header.e_shnum; ++i) {  // every section claims 1 TiB
    const std::uint64_t huge = 1ULL << 40;
    std::memcpy(
        bytes.data() + header.e_shoff + i * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size),
        &huge, sizeof(huge));
  }
  // The names of the sections are as huge: put their table back.
  const std::size_t names =
      header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size);
  std::memcpy(bytes.data() + names, program_bytes().data() + names, sizeof(std::uint64_t));
  EXPECT_EQ(refusal(memory_file(bytes)), Reason::kTooLarge);
}

TEST(SymbolizerClientTest, APipeIsUnreadable) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd in(ends[0]), out(ends[1]);
  EXPECT_EQ(refusal(in), Reason::kUnreadable);
}

TEST(SymbolizerClientTest, AWorkerThatFailsIsNamedByTheWayItFails) {
  const UniqueFd fd = memory_file(program_bytes());
  EXPECT_EQ(refusal(script_worker("kill -SEGV $$"), fd.get()), Reason::kWorkerCrashed);
  EXPECT_EQ(refusal(script_worker("exec sleep 100"), fd.get()), Reason::kWorkerDeadline);
  EXPECT_EQ(refusal(script_worker("kill -KILL $$"), fd.get()), Reason::kWorkerKilled);
  EXPECT_EQ(refusal(script_worker("head -c 4096 /dev/zero >&3; exec sleep 100"), fd.get()),
            Reason::kWorkerProtocol);
  SymbolizerClient::Options missing;
  missing.executable = "/nonexistent/worker";
  EXPECT_EQ(refusal(missing, fd.get()), Reason::kWorkerUnavailable);
}

TEST(SymbolizerClientTest, AWorkerWithoutMemoryRefusesTheFileAndLives) {
#if SONDE_ADDRESS_SANITIZER || SONDE_THREAD_SANITIZER
  GTEST_SKIP() << "SKIP memory-limit: the sanitizer reserves more address space than any limit";
#endif
  SymbolizerClient::Options options = real_worker();
  options.worker_memory_bytes = std::uint64_t{24} << 20;
  const UniqueFd large(::open("/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(large) << "libLLVM-14 comes with clang";
  EXPECT_EQ(refusal(options, large.get()), Reason::kWorkerMemory);
}

TEST(SymbolizerClientTest, ACallThatIsInterruptedEndsAndTheNextOneIsServed) {
  const UniqueFd program = memory_file(program_bytes());
  auto client = SymbolizerClient::start(real_worker());
  ASSERT_TRUE(client.ok());
  ASSERT_EQ(::kill((*client)->worker_pids().at(0), SIGSTOP), 0);
  std::jthread impatient([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      (*client)->interrupt();
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto rows = (*client)->rows(program.get());
  impatient.request_stop();
  impatient.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(reason_of(rows.error()), Reason::kWorkerKilled);
  EXPECT_TRUE((*client)->rows(program.get()).ok());
}

TEST(SymbolizerClientTest, WhileOneWorkerIsBusyAnotherOneAnswers) {
  const UniqueFd slow = memory_file(program_bytes());
  const UniqueFd other = patched(EI_CLASS, std::uint8_t{ELFCLASS64});
  SymbolizerClient::Options options = real_worker();
  options.keep_second = std::chrono::milliseconds(0);
  auto client = SymbolizerClient::start(options);
  ASSERT_TRUE(client.ok());
  const int first = (*client)->worker_pids().at(0);
  ASSERT_EQ(::kill(first, SIGSTOP), 0);
  auto waiting = std::async(std::launch::async, [&] { return (*client)->rows(slow.get()).ok(); });
  while ((*client)->counters().requests == 0) std::this_thread::yield();
  EXPECT_TRUE((*client)->describe(other.get()).ok());
  EXPECT_EQ((*client)->worker_pids().size(), 2U);
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  ASSERT_EQ(::kill(first, SIGCONT), 0);
  EXPECT_TRUE(waiting.get());
  EXPECT_TRUE((*client)->rows(other.get()).ok());
  EXPECT_EQ((*client)->worker_pids(), std::vector<int>{first}) << "the second was not needed";
  EXPECT_EQ((*client)->counters().worker_starts, 2U);
  EXPECT_EQ((*client)->counters().worker_restarts, 0U);
}

TEST(SymbolizerClientTest, KillsWhileRequestsRunLoseNoAnswer) {
  const UniqueFd libc(::open("/usr/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(libc);
  auto client = SymbolizerClient::start(real_worker());
  ASSERT_TRUE(client.ok());
  const std::size_t expected = (*client)->rows(libc.get())->rows.size();
  constexpr int kKills = 40;
  std::atomic<int> kills = 0;
  std::jthread killer([&](const std::stop_token& stop) {
    for (unsigned pause = 20; kills < kKills && !stop.stop_requested(); pause = (pause * 7) % 193) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + pause));
      const std::vector<int> pids = (*client)->worker_pids();
      if (!pids.empty() && ::kill(pids.front(), SIGKILL) == 0) ++kills;
    }
  });
  int answered = 0;
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(40);
  while (kills < kKills && std::chrono::steady_clock::now() < latest) {
    const auto rows = (*client)->rows(libc.get());
    if (!rows) {  // killed again and again within one request: said, and the next one is answered
      EXPECT_EQ(reason_of(rows.error()), Reason::kWorkerKilled);
      continue;
    }
    ++answered;
    EXPECT_EQ(rows->rows.size(), expected);
  }
  killer.request_stop();
  killer.join();
  EXPECT_GT(answered, kKills / 2);
  EXPECT_GT((*client)->counters().worker_killed, 10U);
  EXPECT_EQ((*client)->rows(libc.get())->rows.size(), expected);
}

}  // namespace
}  // namespace sonde
