#include "coordinator/store/known_tasks.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/random.h"
#include "coordinator/store/farm_store.h"
#include "coordinator/store/sqlite.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

TaskRecord Leased(const std::string& name) {
  TaskRecord task;
  task.job = "a";
  task.name = name;
  task.core = {0, 10};
  task.state = TaskState::kLeased;
  return task;
}

TEST(KnownTasksTest, WhatWasUsedLatelyStaysAndTheRestGoes) {
  KnownTasks known(10);
  for (int i = 0; i < 100; ++i) {
    known.Keep(Leased(absl::StrFormat("depth/%d", i)));
    ASSERT_NE(known.Find("a", "depth/0"), nullptr) << i;
    EXPECT_LE(known.size(), 20u);
  }
  EXPECT_NE(known.Find("a", "depth/95"), nullptr);
  EXPECT_EQ(known.Find("a", "depth/50"), nullptr);
}

TEST(KnownTasksTest, TaskThatWaitsIsNotKept) {
  KnownTasks known(10);
  TaskRecord task = Leased("depth/0");
  known.Keep(task);
  task.state = TaskState::kReady;
  known.Keep(task);
  EXPECT_EQ(known.Find("a", "depth/0"), nullptr);
}

TEST(KnownTasksTest, NamesOfDifferentJobsAreDifferent) {
  KnownTasks known(10);
  TaskRecord task = Leased("b/c");
  known.Keep(task);
  EXPECT_EQ(known.Find("ab", "/c"), nullptr);
  EXPECT_EQ(known.Find("b", "b/c"), nullptr);
}

// A store in which everything that may happen to a task happens, in any order.
class RandomTasks {
 public:
  explicit RandomTasks(uint64_t seed) : random_(SeededRandom(seed)) {
    for (const char* id : {"a", "b"}) {
      JobRecord job;
      job.id = id;
      job.settings.outputs = {{Layout::kSbs, std::string("/") + id + ".mkv"}};
      job.state = JobState::kRunning;
      EXPECT_TRUE(store_->jobs().Insert(job).ok());
      for (int i = 0; i < 6; ++i) {
        TaskRecord task;
        task.job = id;
        task.core = {i * 10, i * 10 + 10};
        task.kind = TaskKind::kDepth;
        task.name = "depth/" + RangeName(task.core);
        task.shot_begin = i < 3 ? 0 : 30;
        task.state = TaskState::kReady;
        EXPECT_TRUE(store_->tasks().Insert(task).ok());
      }
    }
  }

  // Some changes, all of them together or none.
  void ChangeSomething() {
    FarmStore::Change change(store_.get());
    ASSERT_TRUE(change.begun().ok());
    for (size_t i = 0; i < 1 + Pick(4); ++i) ChangeOne();
    const bool is_taken_back = Pick(4) == 0;
    if (!is_taken_back) {
      ASSERT_TRUE(change.Commit().ok());
    }
  }

  void CheckThatTheRowsAreKnown() {
    for (const char* job : {"a", "b"}) {
      const auto rows = store_->tasks().OfJob(job);
      ASSERT_TRUE(rows.ok());
      for (const TaskRecord& row : *rows) {
        const auto known = store_->tasks().Get(job, row.name);
        ASSERT_TRUE(known.ok() && known->has_value());
        EXPECT_EQ(**known, row) << job << " " << row.name;
      }
    }
  }

 private:
  size_t Pick(size_t count) { return random_->Next() % count; }

  void ChangeOne() {
    TaskTable& tasks = store_->tasks();
    const std::string job = Pick(2) == 0 ? "a" : "b";
    const std::vector<TaskRecord> rows = *tasks.OfJob(job);
    const TaskRecord row = rows[Pick(rows.size())];
    const AttemptRef attempt{job, row.name, row.epoch, row.lease_id};
    const auto state = static_cast<TaskState>(Pick(7));
    switch (Pick(16)) {
      case 0:
      case 1:
      case 2:
        EXPECT_TRUE(tasks.Claim(job, {"w", "class", true, true}, random_->Hex(4)).ok());
        return;
      case 3:
      case 4:
      case 5:
        EXPECT_TRUE(tasks.Finish(attempt, {"key", "class", "folder", 1.5}).ok());
        return;
      case 6:
      case 7:
        EXPECT_TRUE(tasks.Publish(attempt).ok());
        return;
      case 8:
        EXPECT_TRUE(tasks.Release(attempt, TaskState::kReady, {true, false, true, "w", "no"}).ok());
        return;
      case 9:
        if (state != TaskState::kLeased) {
          EXPECT_TRUE(tasks.Move(job, row.name, row.state, state).ok());
        }
        return;
      case 10:
        EXPECT_TRUE(tasks.Prepare(row, row.state, TaskState::kReady).ok());
        return;
      case 11:
        EXPECT_TRUE(tasks.SetWanted(job, row.name, Pick(2) == 0).ok());
        return;
      case 12:
        EXPECT_TRUE(tasks.SetShot(job, row.name, 30 * static_cast<int64_t>(Pick(2))).ok());
        return;
      case 13:
        EXPECT_TRUE(Pick(2) == 0 ? tasks.SetAllUnwanted(job).ok()
                                 : tasks.CountDamage(job, row.name, "damaged").ok());
        return;
      case 14:
        EXPECT_TRUE(tasks.SetClass(job, row.shot_begin, Pick(2) == 0 ? "" : "other").ok());
        return;
      default:
        EXPECT_TRUE(Pick(2) == 0 ? tasks.ForgetDirectories(job).ok()
                                 : tasks.ForgetDirectory(job, row.name).ok());
        return;
    }
  }

  TempFolder folder_;
  std::unique_ptr<FarmStore> store_ = *FarmStore::Open(folder_ / "farm.db");
  const std::unique_ptr<Random> random_;
};

TEST(KnownTasksTest, WhatIsKnownIsAlwaysWhatTheRowsSay) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(absl::StrFormat("seed %d", seed));
    RandomTasks tasks(seed);
    for (int i = 0; i < 60; ++i) {
      tasks.ChangeSomething();
      tasks.CheckThatTheRowsAreKnown();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace stereofarm
