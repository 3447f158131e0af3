#include "coordinator/service/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/base/log.h"
#include "nlohmann/json.hpp"
#include "tests/support/simulated_clock.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() { SetMinimumLogLevel(static_cast<LogLevel>(3)); }
  std::string Text(const std::string& name = "audit.log") {
    return ReadFile(folder_ / name).value_or("");
  }
  TempFolder folder_;
  SimulatedClock clock_;
};

TEST_F(AuditLogTest, OneLineForEachCall) {
  auto log = AuditLog::Open(folder_ / "audit.log", &clock_);
  ASSERT_TRUE(log.ok());
  ASSERT_TRUE(
      (*log)
          ->Write({.peer = "ipv4:1", .name = "ann", .role = "submit", .method = "/m", .job = "j1"})
          .ok());
  ASSERT_TRUE((*log)
                  ->Write({.name = "bad\xff\nname",
                           .method = "/m",
                           .status = absl::PermissionDeniedError("no\n")})
                  .ok());
  std::istringstream lines(Text());
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            "{\"time\":\"2023-11-14T22:13:21.000000Z\",\"peer\":\"ipv4:1\",\"name\":\"ann\","
            "\"role\":\"submit\",\"method\":\"/m\",\"job\":\"j1\",\"result\":\"OK\"}");
  std::getline(lines, line);
  const auto second = nlohmann::json::parse(line);
  EXPECT_EQ(second["result"], "PERMISSION_DENIED");
  EXPECT_EQ(second["why"], "no\n");
  EXPECT_FALSE(std::getline(lines, line));
  EXPECT_EQ(fs::status(folder_ / "audit.log").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(AuditLogTest, FullFilesAreKeptUnderNumbers) {
  auto log = AuditLog::Open(folder_ / "audit.log", &clock_, /*most_bytes=*/200);
  ASSERT_TRUE(log.ok());
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE((*log)->Write({.method = "/call", .job = std::to_string(i)}).ok());
    EXPECT_LE(Text().size(), 200u);
  }
  EXPECT_THAT(Text(), testing::HasSubstr("\"job\":\"39\""));
  EXPECT_THAT(Text("audit.log.1"), testing::HasSubstr("\"job\":\"37\""));
  EXPECT_TRUE(fs::exists(folder_ / "audit.log.9"));
  EXPECT_FALSE(fs::exists(folder_ / "audit.log.10"));
}

TEST_F(AuditLogTest, GoesOnAfterACutOffLine) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "audit.log", "{\"time\":\"20").ok());
  auto log = AuditLog::Open(folder_ / "audit.log", &clock_);
  ASSERT_TRUE(log.ok());
  ASSERT_TRUE((*log)->Write({.method = "/m"}).ok());
  EXPECT_TRUE(Text().starts_with("{\"time\":\"20\n{\"time\":"));
}

TEST_F(AuditLogTest, OpensOnAFullDiskAndGoesOnOnceThereIsRoom) {
  const SmallDisk disk(1 << 20);
  if (!disk.is_there()) GTEST_SKIP() << "a small disk can't be mounted here";
  // A line that was cut off at the end of a page: the next needs another.
  ASSERT_TRUE(WriteFileAtomically(disk / "audit.log", std::string(4096, 'x')).ok());
  disk.Fill();
  auto log = AuditLog::Open(disk / "audit.log", &clock_);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ((*log)->CheckWritable().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE((*log)->Write({.method = "/early"}).ok());
  disk.Empty();
  EXPECT_TRUE((*log)->CheckWritable().ok());
  EXPECT_THAT(ReadFile(disk / "audit.log").value_or(""), testing::HasSubstr("x\n{\"time\":"));
  EXPECT_THAT(ReadFile(disk / "audit.log").value_or(""), testing::HasSubstr("/early"));
}

TEST_F(AuditLogTest, WhatCouldNotBeWrittenIsWrittenLater) {
  const fs::path file = folder_ / "audit.log";
  auto log = AuditLog::Open(file, &clock_);
  ASSERT_TRUE(log.ok());
  EXPECT_TRUE((*log)->CheckWritable().ok());
  fs::remove(file);
  ASSERT_TRUE(MakeDirectories(file).ok());
  EXPECT_EQ((*log)->CheckWritable().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE((*log)->Write({.method = "/first"}).ok());
  EXPECT_FALSE((*log)->CheckWritable().ok());
  fs::remove(file);
  EXPECT_TRUE((*log)->CheckWritable().ok());
  EXPECT_THAT(Text(), testing::HasSubstr("/first"));
  // Moved away by somebody who keeps logs in his own way.
  fs::rename(file, folder_ / "kept");
  ASSERT_TRUE((*log)->Write({.method = "/second"}).ok());
  EXPECT_THAT(Text(), testing::HasSubstr("/second"));
  EXPECT_THAT(Text("kept"), testing::Not(testing::HasSubstr("/second")));
  EXPECT_EQ(AuditLog::Open(folder_ / "none" / "audit.log", &clock_).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace stereofarm
