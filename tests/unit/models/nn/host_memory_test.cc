#include "models/nn/host_memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

class HostMemoryTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  void Group(const std::string& name, const std::string& most, const std::string& used,
             const std::string& stat = "") {
    Write("sys/fs/cgroup" + name + "/memory.max", most);
    Write("sys/fs/cgroup" + name + "/memory.current", used);
    Write("sys/fs/cgroup" + name + "/memory.stat", stat);
  }
  int64_t Free() { return FreeHostMemory(root_.path()); }
  const TempFolder root_;
};

TEST_F(HostMemoryTest, NobodySaysAnything) {
  EXPECT_EQ(Free(), std::numeric_limits<int64_t>::max());
}

TEST_F(HostMemoryTest, WhatTheKernelCallsAvailable) {
  Write("proc/meminfo", "MemTotal:  100 kB\nMemFree:  10 kB\nMemAvailable:      50 kB\n");
  EXPECT_EQ(Free(), 50 * 1024);
  Write("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(Free(), 50 * 1024);
  Group("", "max\n", "9\n");
  EXPECT_EQ(Free(), 50 * 1024);
}

TEST_F(HostMemoryTest, TheTightestOfAllGroupsAboveCountsWithoutItsCache) {
  Write("proc/meminfo", "MemAvailable: 1000000 kB\n");
  Write("proc/self/cgroup", "12:cpu:/other\n0::/farm/worker\n");
  Group("/farm/worker", "max\n", "500\n");
  Group("/farm", "90000\n", "60000\n", "anon 20000\ninactive_file 30000\nactive_file 10000\n");
  EXPECT_EQ(Free(), 70'000);
  Group("/farm/worker", "1000\n", "5000\n");
  EXPECT_EQ(Free(), 0);
}

TEST_F(HostMemoryTest, NonsenseIsNoNumber) {
  Write("proc/meminfo", "MemAvailable:\nMemAvailable: x\n");
  Write("proc/self/cgroup", "0::/../..\n0::\n");
  EXPECT_EQ(Free(), std::numeric_limits<int64_t>::max());
}

TEST(HostMemoryOfThisMachineTest, IsThere) { EXPECT_GT(FreeHostMemory(), 0); }

}  // namespace
}  // namespace stereofarm
