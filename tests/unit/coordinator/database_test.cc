// The database as a file: damage, its log, copies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "common/base/file_system.h"
#include "coordinator/store/backup.h"
#include "coordinator/store/farm_store.h"
#include "coordinator/store/sqlite.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class DatabaseTest : public testing::Test {
 protected:
  fs::path file() const { return folder_ / "farm.db"; }
  std::unique_ptr<FarmStore> OpenStore() {
    auto store = FarmStore::Open(file());
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  static JobRecord Job(const std::string& id) {
    JobRecord job;
    job.id = id;
    job.settings.input = "/in.mov";
    job.settings.outputs = {{Layout::kSbs, "/" + id + ".mkv"}};
    return job;
  }
  // Enough rows to fill some pages.
  void FillStore() {
    const auto store = OpenStore();
    FarmStore::Change change(store.get());
    ASSERT_TRUE(change.begun().ok());
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(store->jobs().Insert(Job("job" + std::to_string(i))).ok());
    }
    ASSERT_TRUE(change.Commit().ok());
  }
  void Overwrite(int64_t offset, const std::string& bytes) {
    std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(offset);
    stream << bytes;
  }
  std::string WayOut() const {
    return "stereofarm-coordinator doctor --repair --root " + folder_.path().string();
  }

  TempFolder folder_;
};

TEST_F(DatabaseTest, ADamagedPageIsRefusedWithTheWayOut) {
  FillStore();
  Overwrite(5 * 4096, std::string(4096, '\x5a'));
  const absl::Status status = FarmStore::Open(file()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(WayOut()));
}

TEST_F(DatabaseTest, AFileOfAnotherKindIsRefusedWithTheWayOut) {
  std::ofstream(file()) << std::string(8192, 'x');
  const absl::Status status = FarmStore::Open(file()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(WayOut()));
}

TEST_F(DatabaseTest, ARowWithoutItsParentIsRefusedWithTheWayOut) {
  OpenStore();
  {
    const auto database = *Database::Open(file());
    ASSERT_TRUE(database->Execute("PRAGMA foreign_keys = OFF").ok());
    ASSERT_TRUE(database->Execute("INSERT INTO remarks (job, text) VALUES ('gone', 'x')").ok());
    EXPECT_EQ(database->FindDamage(9)->size(), 1);
  }
  const absl::Status status = FarmStore::Open(file()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(WayOut()));
}

TEST_F(DatabaseTest, TheLogStaysSmall) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  const fs::path log = file().string() + "-wal";
  uintmax_t most = 0;
  for (int i = 0; i < 50'000; ++i) {
    FarmStore::Change change(store.get());
    store->jobs().CountRun("a");
    ASSERT_TRUE(store->jobs().SetRemarks("a", {std::to_string(i)}).ok());
    ASSERT_TRUE(change.Commit().ok());
    if (i % 100 == 0) most = std::max(most, fs::file_size(log));
  }
  EXPECT_LE(most, static_cast<uintmax_t>(kMostLogBytes));
  ASSERT_TRUE(store->Checkpoint().ok());
  EXPECT_EQ(fs::file_size(log), 0u);
}

TEST_F(DatabaseTest, ALogThatAReaderKeptLongIsCutBackAfterwards) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  const fs::path log = file().string() + "-wal";
  {
    const auto reader = *Database::Open(file());
    Statement rows = reader->Prepare("SELECT id FROM jobs");
    ASSERT_TRUE(*rows.Step());
    for (int i = 0; i < 3000; ++i) ASSERT_TRUE(store->jobs().SetRemarks("a", {"x"}).ok());
    ASSERT_GT(fs::file_size(log), static_cast<uintmax_t>(kMostLogBytes));
  }
  ASSERT_TRUE(store->Checkpoint().ok());
  EXPECT_EQ(fs::file_size(log), 0u);
}

TEST_F(DatabaseTest, ABackupOfADatabaseInUseHoldsWhatWasCommitted) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("before")).ok());
  const fs::path copy = folder_ / "copy.db";
  ASSERT_TRUE(BackUpDatabase(file(), copy).ok());
  ASSERT_TRUE(store->jobs().Insert(Job("after")).ok());
  // No log, no temporary file: the copy is one file.
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(name == "copy.db" || name.starts_with("farm.db")) << name;
  }
  const auto copied = *FarmStore::Open(copy);
  EXPECT_EQ(copied->jobs().All()->size(), 1);
  EXPECT_EQ(copied->jobs().All()->front().id, "before");
}

TEST_F(DatabaseTest, ABackupNeverOverwrites) {
  OpenStore();
  std::ofstream(folder_ / "copy.db") << "precious";
  EXPECT_EQ(BackUpDatabase(file(), folder_ / "copy.db").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(folder_ / "copy.db").value(), "precious");
}

TEST_F(DatabaseTest, ABackupOfNothingMakesNoFile) {
  EXPECT_EQ(BackUpDatabase(file(), folder_ / "copy.db").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(DatabaseTest, ADamagedDatabaseIsNotBackedUp) {
  FillStore();
  Overwrite(5 * 4096, std::string(4096, '\x5a'));
  EXPECT_EQ(BackUpDatabase(file(), folder_ / "copy.db").code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(fs::exists(folder_ / "copy.db"));
}

TEST_F(DatabaseTest, ASoundDatabaseHasNoDamage) {
  FillStore();
  EXPECT_THAT(*(*Database::Open(file()))->FindDamage(9), IsEmpty());
}

}  // namespace
}  // namespace stereofarm
