#include "coordinator/admin/disk_reserve.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "common/base/file_system.h"
#include "coordinator/store/farm_store.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

TEST(DiskReserveTest, HoldsItsRoomUntilItIsGivenUp) {
  const TempFolder folder;
  DiskReserve reserve(folder.path());
  reserve.Fill();
  reserve.Fill();
  EXPECT_EQ(fs::file_size(folder / DiskReserve::kFile), DiskReserve::kBytes);
  reserve.GiveUp();
  EXPECT_FALSE(fs::exists(folder / DiskReserve::kFile));
  reserve.GiveUp();
  reserve.Fill();
  EXPECT_TRUE(fs::exists(folder / DiskReserve::kFile));
}

TEST(DiskReserveTest, LeavesADiskAloneThatHasLittleRoom) {
  const TempFolder folder;
  int64_t free = 2 * DiskReserve::kBytes;
  DiskReserve reserve(folder.path(), [&](const fs::path&) -> absl::StatusOr<DiskSpace> {
    return DiskSpace{free, 100 * free};
  });
  reserve.Fill();
  EXPECT_FALSE(fs::exists(folder / DiskReserve::kFile));
  free *= 10;
  reserve.Fill();
  EXPECT_TRUE(fs::exists(folder / DiskReserve::kFile));
}

TEST(DiskReserveTest, LetsTheDatabaseOfADeadCoordinatorBeOpenedOnAFullDisk) {
  const SmallDisk disk(16 << 20);
  if (!disk.is_there()) GTEST_SKIP() << "a small disk can't be mounted here";
  DiskReserve reserve(disk.path());
  reserve.Fill();
  {
    // What a coordinator leaves that was killed: changes that are in the log alone.
    const TempFolder alive;
    const auto store = *FarmStore::Open(alive / "farm.db");
    JobRecord job;
    job.id = "j";
    job.settings.outputs = {{Layout::kSbs, "/out.mkv"}};
    FarmStore::Change change(store.get());
    ASSERT_TRUE(store->jobs().Insert(job).ok());
    ASSERT_TRUE(change.Commit().ok());
    for (const char* file : {"farm.db", "farm.db-wal"}) fs::copy_file(alive / file, disk / file);
  }
  disk.Fill();
  EXPECT_EQ(FarmStore::Open(disk / "farm.db").status().code(),
            absl::StatusCode::kResourceExhausted);
  reserve.GiveUp();
  const auto store = FarmStore::Open(disk / "farm.db");
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->jobs().Get("j")->has_value());
}

}  // namespace
}  // namespace stereofarm
