// SPDX-License-Identifier: Apache-2.0
// The tables against the real maps: what is published, shared, retired and freed.
#include "agent/capture/unwind_tables.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include "agent/capture/cpu_sampler.h"
#include "tests/support/require.h"

namespace sonde {
namespace {

class UnwindTablesTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_BPF();
    auto sampler = CpuSampler::create({});
    ASSERT_TRUE(sampler.ok()) << sampler.error().message;
    sampler_ = std::move(*sampler);
    auto tables = UnwindTables::create(sampler_->table_maps(), {.chunks = 2});
    ASSERT_TRUE(tables.ok()) << tables.error().message;
    tables_ = std::move(*tables);
  }

  template <typename T>
  T read(int map, std::uint32_t index) {
    T value{};
    EXPECT_EQ(::bpf_map_lookup_elem(map, &index, &value), 0);
    return value;
  }
  // Entry of a process in the kernel's table; key 0 if it is not there.
  sonde_process find(std::uint32_t tgid) {
    for (std::uint32_t probe = 0; probe < SONDE_PROCESS_PROBES; ++probe) {
      const std::uint32_t index = (SONDE_PROCESS_HASH(tgid) + probe) & (SONDE_MAX_PROCESSES - 1);
      const auto entry = read<sonde_process>(sampler_->table_maps().processes, index);
      if (entry.key == tgid + std::uint64_t{1}) return entry;
    }
    return {};
  }
  void reclaim() {
    ASSERT_TRUE(tables_->reclaim([] { return true; }).ok());
  }

  std::unique_ptr<CpuSampler> sampler_;
  std::unique_ptr<UnwindTables> tables_;
};

RowTable table_of(std::size_t pages, std::uint32_t rows_per_page) {
  RowTable table;
  table.first_page = 7;
  for (std::size_t page = 0; page < pages; ++page) {
    table.pages.push_back({static_cast<std::uint32_t>(table.rows.size()), rows_per_page});
    for (std::uint32_t row = 0; row < rows_per_page; ++row) {
      table.rows.push_back({.offset = static_cast<std::uint16_t>(row),
                            .cfa = SONDE_CFA_RSP,
                            .flags = 0,
                            .cfa_param = static_cast<std::int16_t>(page),
                            .rbp_param = 0});
    }
  }
  return table;
}

TEST_F(UnwindTablesTest, PublishedRowsAreWhereTheKernelWillLook) {
  const auto image = tables_->add_image();
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(read<sonde_image>(sampler_->table_maps().images, image->slot).table, 0U);
  ASSERT_TRUE(tables_->publish_rows(*image, table_of(3, 100)).ok());
  const auto packed = read<sonde_image>(sampler_->table_maps().images, image->slot).table;
  EXPECT_EQ((packed >> SONDE_TABLE_BASE_SHIFT) & SONDE_TABLE_BASE_MASK, 7U);
  EXPECT_EQ((packed >> SONDE_TABLE_COUNT_SHIFT) & SONDE_TABLE_COUNT_MASK, 3U);
  const auto first_page = static_cast<std::uint32_t>(packed & SONDE_TABLE_FIRST_MASK);
  const auto page = read<sonde_page>(sampler_->table_maps().pages, first_page + 2);
  EXPECT_EQ(page.count, 100U);
}

TEST_F(UnwindTablesTest, AnImageWithoutRowsIsPublishedAsEmpty) {
  const auto image = tables_->add_image();
  ASSERT_TRUE(tables_->publish_rows(*image, RowTable{}).ok());
  EXPECT_EQ(read<sonde_image>(sampler_->table_maps().images, image->slot).table, SONDE_TABLE_EMPTY);
}

TEST_F(UnwindTablesTest, RowsBeyondTheBudgetAreRefusedAndTakeNothing) {
  const auto image = tables_->add_image();
  const auto full = tables_->publish_rows(*image, table_of(360, 4'000));  // 1.44 M rows, 2 chunks
  ASSERT_FALSE(full.ok());                                                // rows_over_budget
  EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(tables_->publish_rows(*image, table_of(240, 4'000)).ok());
}

TEST_F(UnwindTablesTest, ARetiredImagesSpaceAndSlotComeBackAfterAGracePeriod) {
  const auto first = tables_->add_image();
  ASSERT_TRUE(tables_->publish_rows(*first, table_of(240, 4'000)).ok());
  const auto second = tables_->add_image();
  EXPECT_FALSE(tables_->publish_rows(*second, table_of(240, 4'000)).ok());
  tables_->remove_image(*first);
  EXPECT_EQ(read<sonde_image>(sampler_->table_maps().images, first->slot).table, 0U);
  reclaim();
  EXPECT_TRUE(tables_->publish_rows(*second, table_of(240, 4'000)).ok());
  const auto third = tables_->add_image();
  ASSERT_EQ(third->slot, first->slot);
  EXPECT_NE(third->generation, first->generation);
}

TEST_F(UnwindTablesTest, WithdrawnRowsGiveTheirSpaceButNotTheirSlotBack) {
  const auto first = tables_->add_image();
  const std::uint64_t empty = tables_->free_rows();
  ASSERT_TRUE(tables_->publish_rows(*first, table_of(240, 4'000)).ok());
  EXPECT_EQ(tables_->free_rows(), empty - 960'000);
  tables_->withdraw_rows(*first);
  EXPECT_EQ(read<sonde_image>(sampler_->table_maps().images, first->slot).table, 0U);
  EXPECT_EQ(tables_->free_rows(), empty - 960'000);  // a tick can be reading them
  reclaim();
  EXPECT_EQ(tables_->free_rows(), empty);
  EXPECT_NE(tables_->add_image()->slot, first->slot);
  EXPECT_TRUE(tables_->publish_rows(*first, table_of(240, 4'000)).ok());
}

TEST_F(UnwindTablesTest, RowsPublishedAgainReplaceTheOldOnes) {
  const auto image = tables_->add_image();
  const std::uint64_t empty = tables_->free_rows();
  ASSERT_TRUE(tables_->publish_rows(*image, table_of(3, 100)).ok());
  ASSERT_TRUE(tables_->publish_rows(*image, table_of(5, 100)).ok());
  reclaim();
  EXPECT_EQ(tables_->free_rows(), empty - 500);
}

TEST_F(UnwindTablesTest, NewRangesReplaceOldOnesInOneStore) {
  const std::vector<sonde_range> ranges{{.begin = 0x1000, .end = 0x2000, .target = 1}};
  ASSERT_TRUE(tables_->set_ranges({10, 55}, ranges).ok());
  const sonde_process before = find(10);
  EXPECT_EQ(before.start_time, 55U);
  EXPECT_EQ(before.block >> 32, 1U);
  const std::vector<sonde_range> more{{.begin = 0x1000, .end = 0x2000, .target = 1},
                                      {.begin = 0x5000, .end = 0x6000, .target = 2}};
  ASSERT_TRUE(tables_->set_ranges({10, 55}, more).ok());
  const sonde_process after = find(10);
  EXPECT_EQ(after.block >> 32, 2U);
  EXPECT_NE(static_cast<std::uint32_t>(after.block), static_cast<std::uint32_t>(before.block));
  EXPECT_TRUE(tables_->has_retired());
}

TEST_F(UnwindTablesTest, AForkedChildSharesItsParentsBlock) {
  const std::vector<sonde_range> ranges{{.begin = 0x1000, .end = 0x2000, .target = 1}};
  ASSERT_TRUE(tables_->set_ranges({10, 55}, ranges).ok());
  ASSERT_TRUE(tables_->share_ranges({11, 56}, {10, 55}).ok());
  EXPECT_EQ(find(11).block, find(10).block);
  tables_->remove_process({10, 55});
  reclaim();
  EXPECT_EQ(find(10).key, 0U);
  EXPECT_EQ(find(11).block >> 32, 1U);
  EXPECT_FALSE(tables_->share_ranges({12, 57}, {10, 55}).ok());
}

TEST_F(UnwindTablesTest, AReusedPidIsAnotherProcess) {
  const std::vector<sonde_range> ranges{{.begin = 0x1000, .end = 0x2000, .target = 1}};
  ASSERT_TRUE(tables_->set_ranges({10, 55}, ranges).ok());
  ASSERT_TRUE(tables_->set_ranges({10, 99}, ranges).ok());
  EXPECT_EQ(find(10).start_time, 99U);
  tables_->remove_process({10, 55});  // late: changes nothing
  EXPECT_EQ(find(10).start_time, 99U);
}

TEST_F(UnwindTablesTest, CollidingPidsFillTheirProbesAndThenAreRefused) {
  std::vector<std::uint32_t> colliding;
  for (std::uint32_t pid = 1; colliding.size() <= SONDE_PROCESS_PROBES; ++pid) {
    if (SONDE_PROCESS_HASH(pid) == SONDE_PROCESS_HASH(1U)) colliding.push_back(pid);
  }
  for (std::size_t i = 0; i < SONDE_PROCESS_PROBES; ++i) {
    EXPECT_TRUE(tables_->set_ranges({colliding[i], 1}, {}).ok()) << i;
  }
  EXPECT_FALSE(tables_->set_ranges({colliding.back(), 1}, {}).ok());  // table_full
  tables_->remove_process({colliding[0], 1});
  reclaim();
  EXPECT_TRUE(tables_->set_ranges({colliding.back(), 1}, {}).ok());
}

TEST_F(UnwindTablesTest, TheLongestUnusedOfTheCollidingProcessesMakesRoom) {
  std::vector<std::uint32_t> colliding;
  for (std::uint32_t pid = 1; colliding.size() <= SONDE_PROCESS_PROBES; ++pid) {
    if (SONDE_PROCESS_HASH(pid) == SONDE_PROCESS_HASH(1U)) colliding.push_back(pid);
  }
  const ProcessKey newcomer{colliding.back(), 1};
  for (std::size_t i = 0; i < SONDE_PROCESS_PROBES; ++i) {
    ASSERT_TRUE(tables_->set_ranges({colliding[i], 1}, {}).ok()) << i;
    tables_->touch({colliding[i], 1}, i == 5 ? 100 : 200 + i);
  }
  EXPECT_EQ(tables_->evict_for(newcomer, 1, 100), 0U);  // all in use
  EXPECT_EQ(tables_->evict_for(newcomer, 1, 1'000), 1U);
  EXPECT_FALSE(tables_->has_process({colliding[5], 1}));
  reclaim();
  EXPECT_TRUE(tables_->set_ranges(newcomer, {}).ok());
}

TEST_F(UnwindTablesTest, LongestUnusedRangesMakeRoomAndSharedOnesCountOnce) {
  auto tables = UnwindTables::create(sampler_->table_maps(), {.chunks = 1, .ranges = 10});
  ASSERT_TRUE(tables.ok());
  const std::vector<sonde_range> four(4, {.begin = 0x1000, .end = 0x2000, .target = 1});
  ASSERT_TRUE((*tables)->set_ranges({10, 1}, four).ok());
  ASSERT_TRUE((*tables)->share_ranges({11, 1}, {10, 1}).ok());
  ASSERT_TRUE((*tables)->set_ranges({12, 1}, four).ok());
  ASSERT_FALSE((*tables)->set_ranges({13, 1}, four).ok());
  (*tables)->touch({10, 1}, 50);
  (*tables)->touch({12, 1}, 70);
  // 11 is the coldest but shares with 10: only both together free four ranges; 12 stays with one.
  EXPECT_EQ((*tables)->evict_for({13, 1}, 3, 60), 2U);
  EXPECT_TRUE((*tables)->has_process({12, 1}));
  ASSERT_TRUE((*tables)->reclaim([] { return true; }).ok());
  EXPECT_TRUE((*tables)->set_ranges({13, 1}, four).ok());
}

}  // namespace
}  // namespace sonde
