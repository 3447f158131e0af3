#include "coordinator/store/farm_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/sqlite.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

class FarmStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<FarmStore> OpenStore() {
    auto store = FarmStore::Open(file());
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  std::unique_ptr<Database> OpenDatabase() {
    auto database = Database::Open(file());
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }
  fs::path file() const { return folder_ / "farm.db"; }

  static JobRecord Job(const std::string& id) {
    JobRecord job;
    job.id = id;
    job.settings.input = "/in.mov";
    job.settings.outputs = {{Layout::kSbs, "/" + id + ".mkv"}};
    job.settings.convergence = 0.25;
    job.state = JobState::kRunning;
    job.range = {0, 100};
    return job;
  }
  static TaskRecord Task(const std::string& job, const FrameRange& core, TaskKind kind) {
    TaskRecord task;
    task.job = job;
    task.name = TaskKindName(kind) + "/" + RangeName(core);
    task.kind = kind;
    task.core = core;
    task.shot_begin = kind == TaskKind::kScan ? kNoShot : 0;
    task.state = TaskState::kReady;
    return task;
  }
  static AttemptRef AttemptOf(const TaskRecord& task) {
    return {task.job, task.name, task.epoch, task.lease_id};
  }
  // A store with a job and one leased scan task.
  TaskRecord OneLease(FarmStore* store) {
    EXPECT_TRUE(store->jobs().Insert(Job("a")).ok());
    EXPECT_TRUE(store->tasks().Insert(Task("a", {0, 100}, TaskKind::kScan)).ok());
    return **store->tasks().Claim("a", {"w", "class", true, true}, "id1");
  }

  TempFolder folder_;
};

TEST_F(FarmStoreTest, ForeignKeysAreOn) {
  const auto store = OpenStore();
  EXPECT_FALSE(store->tasks().Insert(Task("nobody", {0, 10}, TaskKind::kScan)).ok());
}

TEST_F(FarmStoreTest, ShardsNeedTheirShot) {
  OpenStore();
  const auto database = OpenDatabase();
  EXPECT_FALSE(database
                   ->Execute("INSERT INTO shards (job, core_begin, core_end, full_begin, full_end,"
                             " shot_begin) VALUES ('a', 0, 10, 0, 10, 0)")
                   .ok());
}

TEST_F(FarmStoreTest, NewDatabaseHasThePresentVersion) {
  OpenStore();
  const auto database = OpenDatabase();
  Statement query = database->Prepare("PRAGMA user_version");
  ASSERT_TRUE(*query.Step());
  EXPECT_EQ(query.Int(0), SchemaVersion());
}

TEST_F(FarmStoreTest, DatabaseOfALaterVersionIsRefused) {
  { OpenStore(); }
  {
    const auto database = OpenDatabase();
    ASSERT_TRUE(database->Execute("PRAGMA user_version = 999").ok());
  }
  const auto store = FarmStore::Open(file());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(store.status().message().find("version 999"), std::string::npos);
}

TEST_F(FarmStoreTest, ShotsOfADatabaseThatKnewNoDepthAtCutsStay) {
  const ShotRecord shot{.frames = {0, 100}, .state = ShotState::kReconciled, .measured = 0.75};
  {
    const auto store = OpenStore();
    ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
    ASSERT_TRUE(store->shots().Insert("a", shot, {}).ok());
  }
  {
    const auto database = OpenDatabase();
    for (const char* column :
         {"first_far", "first_middle", "first_near", "last_far", "last_middle", "last_near"}) {
      ASSERT_TRUE(
          database->Execute(absl::StrFormat("ALTER TABLE shots DROP COLUMN %s", column).c_str())
              .ok());
    }
    ASSERT_TRUE(database->Execute("PRAGMA user_version = 7").ok());
  }
  const auto store = OpenStore();
  ShotRecord found = store->shots().Get("a", 0).value().value();
  EXPECT_EQ(found.measured, 0.75);
  EXPECT_EQ(found.first, CutDepth());
  EXPECT_EQ(found.last, CutDepth());
  found.first = {0.1, 0.2, 0.3};
  found.last = {0.4, 0.5, 0.6};
  ASSERT_TRUE(store->shots().Update("a", found).ok());
  const ShotRecord updated = store->shots().Get("a", 0).value().value();
  EXPECT_EQ(updated.first, found.first);
  EXPECT_EQ(updated.last, found.last);
  EXPECT_FALSE(store->shots().Before("a", 0).value());
  EXPECT_EQ(store->shots().Before("a", 100).value()->frames, shot.frames);
}

TEST_F(FarmStoreTest, FailedMigrationLeavesNothingBehind) {
  {
    const auto database = OpenDatabase();
    // In the way of one that the migration creates near its end.
    ASSERT_TRUE(database->Execute("CREATE TABLE remarks (x)").ok());
  }
  EXPECT_FALSE(FarmStore::Open(file()).ok());
  const auto database = OpenDatabase();
  Statement tables = database->Prepare(
      "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'jobs' AND type = 'table'");
  ASSERT_TRUE(*tables.Step());
  EXPECT_EQ(tables.Int(0), 0);
  Statement version = database->Prepare("PRAGMA user_version");
  ASSERT_TRUE(*version.Step());
  EXPECT_EQ(version.Int(0), 0);
}

TEST_F(FarmStoreTest, FileThatIsNoDatabaseIsDataLoss) {
  ASSERT_TRUE(WriteFileAtomically(file(), std::string(4096, 'x')).ok());
  EXPECT_EQ(FarmStore::Open(file()).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(FarmStoreTest, StatesOutsideTheTableAreRefused) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  const auto database = OpenDatabase();
  EXPECT_FALSE(database->Execute("UPDATE jobs SET state = 'sleeping'").ok());
  EXPECT_FALSE(database->Execute("UPDATE jobs SET priority = 'high'").ok());
}

TEST_F(FarmStoreTest, StatesAndKindsOfTasksOutsideTheTableAreRefused) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  ASSERT_TRUE(store->tasks().Insert(Task("a", {0, 100}, TaskKind::kScan)).ok());
  const auto database = OpenDatabase();
  const auto takes = [&](const char* column, const char* value) {
    return database->Execute(absl::StrFormat("UPDATE tasks SET %s = '%s'", column, value).c_str())
        .ok();
  };
  for (const char* state : {"waiting", "ready", "failed", "superseded", "cancelled", "done"}) {
    EXPECT_TRUE(takes("state", state)) << state;
  }
  EXPECT_FALSE(takes("state", "sleeping"));
  EXPECT_FALSE(takes("state", "leased"));
  for (const char* kind : {"scan", "depth", "render", "warp", "inpaint", "encode"}) {
    EXPECT_TRUE(takes("kind", kind)) << kind;
  }
  EXPECT_FALSE(takes("kind", "sculpt"));
}

TEST_F(FarmStoreTest, MovingATaskMakesNoTableOfItsOwn) {
  OpenStore();
  const auto database = OpenDatabase();
  Statement steps = database->Prepare(
      "EXPLAIN UPDATE tasks SET state = 'done', kind = 'depth' WHERE job = 'a' AND name = 'b'");
  bool any = false;
  while (*steps.Step()) {
    any = true;
    EXPECT_NE(steps.Text(1), "OpenEphemeral");
  }
  EXPECT_TRUE(any);
}

TEST_F(FarmStoreTest, JobComesBackAsItWasPut) {
  JobRecord job = Job("a");
  job.replace = true;
  job.priority = 3;
  job.error = "why";
  job.fingerprint = "f";
  job.planned = true;
  job.settings.rig = Rig{1800, 0.06, 3};
  { ASSERT_TRUE(OpenStore()->jobs().Insert(job).ok()); }
  const auto store = OpenStore();
  const auto found = store->jobs().Get("a");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->settings, job.settings);
  EXPECT_TRUE((*found)->replace);
  EXPECT_EQ((*found)->priority, 3);
  EXPECT_EQ((*found)->error, "why");
  EXPECT_EQ((*found)->range, job.range);
  EXPECT_TRUE((*found)->planned);
  EXPECT_EQ((*store->jobs().NewestWithOutput("/a.mkv"))->id, "a");
  EXPECT_FALSE(store->jobs().Get("b")->has_value());
}

TEST_F(FarmStoreTest, ChangeWithoutCommitIsTakenBack) {
  const auto store = OpenStore();
  {
    FarmStore::Change change(store.get());
    ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  }
  EXPECT_FALSE(store->jobs().Get("a")->has_value());
}

TEST_F(FarmStoreTest, ClaimRaisesTheEpoch) {
  const auto store = OpenStore();
  const TaskRecord first = OneLease(store.get());
  EXPECT_EQ(first.epoch, 1);
  EXPECT_EQ(first.lease_id, "id1");
  ASSERT_TRUE(*store->tasks().Release(AttemptOf(first), TaskState::kReady));
  const auto second = *store->tasks().Claim("a", {"w", "class", true, true}, "id2");
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->epoch, 2);
  EXPECT_EQ(second->attempts, 2);
  EXPECT_EQ(second->failures, 0);
}

TEST_F(FarmStoreTest, OnlyTheLeasedAttemptFinishes) {
  const auto store = OpenStore();
  const TaskRecord task = OneLease(store.get());
  AttemptRef other = AttemptOf(task);
  other.epoch = 0;
  EXPECT_FALSE(*store->tasks().Finish(other, {"key", "class", "dir", 1}));
  other = AttemptOf(task);
  other.lease_id = "id0";
  EXPECT_FALSE(*store->tasks().Finish(other, {"key", "class", "dir", 1}));
  EXPECT_FALSE(*store->tasks().Release(other, TaskState::kReady));
  EXPECT_TRUE(*store->tasks().Finish(AttemptOf(task), {"key", "class", "dir", 1}));
  EXPECT_FALSE(*store->tasks().Finish(AttemptOf(task), {"key", "class", "dir", 1}));
}

TEST_F(FarmStoreTest, TasksNearestToTheFilmComeFirst) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  for (TaskKind kind : {TaskKind::kScan, TaskKind::kDepth, TaskKind::kRender}) {
    ASSERT_TRUE(store->tasks().Insert(Task("a", {50, 100}, kind)).ok());
    ASSERT_TRUE(store->tasks().Insert(Task("a", {0, 50}, kind)).ok());
  }
  std::vector<std::string> order;
  while (auto task = *store->tasks().Claim("a", {"w", "class", true, true}, "id")) {
    order.push_back(task->name);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"render/000000-000050", "render/000050-000100",
                                             "depth/000000-000050", "depth/000050-000100",
                                             "scan/000000-000050", "scan/000050-000100"}));
}

TEST_F(FarmStoreTest, ATaskOfAnotherClassIsLeftAlone) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  TaskRecord task = Task("a", {0, 50}, TaskKind::kDepth);
  task.numeric_class = "gpu";
  ASSERT_TRUE(store->tasks().Insert(task).ok());
  EXPECT_FALSE(store->tasks().Claim("a", {"w", "cpu", true, true}, "id")->has_value());
  EXPECT_TRUE(store->tasks().Claim("a", {"w", "gpu", true, true}, "id")->has_value());
}

TEST_F(FarmStoreTest, ShotsGoWithTheirShardsAndSeams) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  ShotRecord shot;
  shot.frames = {0, 100};
  ASSERT_TRUE(
      store->shots()
          .Insert("a", shot, {{{0, 50}, {0, 54}, {0, 100}}, {{50, 100}, {46, 100}, {0, 100}}})
          .ok());
  ASSERT_TRUE(store->shots().SetSeams("a", 0, {{0, 50, 0.25}}).ok());
  ASSERT_EQ(store->shots().Shards("a", {0, 100})->size(), 2);
  EXPECT_EQ(store->shots().Shards("a", {0, 100})->at(1).shard,
            (Shard{{50, 100}, {46, 100}, {0, 100}}));
  EXPECT_EQ(store->shots().Seams("a")->at(0).residual_percent, 0.25);
  EXPECT_FALSE(*store->shots().AllReconciled("a"));
  ASSERT_TRUE(store->shots().RemoveAll("a").ok());
  EXPECT_TRUE(store->shots().Shards("a", {0, 100})->empty());
  EXPECT_TRUE(store->shots().Seams("a")->empty());
}

TEST_F(FarmStoreTest, WorkersComeBack) {
  {
    const auto store = OpenStore();
    ASSERT_TRUE(store->workers().Put({"w", "host", "cpu", "class", "build", {"a", "b"}}, 1).ok());
    WorkerRecord again{"w", "host2", "cpu", "class", "build", {"a", "b"}};
    again.certificate = "node7";
    ASSERT_TRUE(store->workers().Put(again, 2).ok());
  }
  const auto workers = OpenStore()->workers().All();
  ASSERT_EQ(workers->size(), 1);
  EXPECT_EQ(workers->at(0).name, "host2");
  EXPECT_EQ(workers->at(0).certificate, "node7");
  EXPECT_EQ(workers->at(0).tags, (std::vector<std::string>{"a", "b"}));
}

TEST_F(FarmStoreTest, AJobThatHasBeenReadIsAsItsRowAgainAfterAChangeWasTakenBack) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  JobRecord job = **store->jobs().Get("a");
  {
    FarmStore::Change change(store.get());
    job.priority = 7;
    ASSERT_TRUE(store->jobs().Update(job).ok());
    store->jobs().CountRun("a", 3);
    EXPECT_EQ((*store->jobs().Get("a"))->priority, 7);
  }
  EXPECT_EQ((*store->jobs().Get("a"))->priority, 0);
  EXPECT_EQ((*store->jobs().Get("a"))->tasks_run, 0);
}

TEST_F(FarmStoreTest, WhatAChangeCountsIsWrittenAtItsEndAndGoesWithIt) {
  const auto count = [](FarmStore* store, int64_t runs, bool commit) {
    FarmStore::Change change(store);
    for (int64_t i = 0; i < runs; ++i) store->jobs().CountRun("a");
    if (!commit) return;
    ASSERT_TRUE(change.Commit().ok());
  };
  {
    const auto store = OpenStore();
    ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
    count(store.get(), 3, true);
    EXPECT_EQ((*store->jobs().Get("a"))->tasks_run, 3);
    count(store.get(), 5, false);
    count(store.get(), 1, true);
    EXPECT_EQ((*store->jobs().Get("a"))->tasks_run, 4);
    FarmStore::Change change(store.get());
    store->jobs().CountRun("a");
    ASSERT_TRUE(store->jobs().ResetCounts("a").ok());
    store->jobs().CountRun("a", 2);
    ASSERT_TRUE(change.Commit().ok());
  }
  EXPECT_EQ((*OpenStore()->jobs().Get("a"))->tasks_run, 2);
}

TEST_F(FarmStoreTest, AViewIsOfOneMomentAndLetsChangesFollow) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->jobs().Insert(Job("a")).ok());
  {
    const FarmStore::View view(store.get());
    EXPECT_EQ(store->jobs().Ids()->size(), 1);
    const auto other = OpenStore();
    ASSERT_TRUE(other->jobs().Insert(Job("b")).ok());
    EXPECT_EQ(store->jobs().Ids()->size(), 1);
  }
  EXPECT_EQ(store->jobs().Ids()->size(), 2);
  FarmStore::Change change(store.get());
  ASSERT_TRUE(change.begun().ok());
  ASSERT_TRUE(store->jobs().Insert(Job("c")).ok());
  ASSERT_TRUE(change.Commit().ok());
  EXPECT_EQ(OpenStore()->jobs().Ids()->size(), 3);
}

}  // namespace
}  // namespace stereofarm
