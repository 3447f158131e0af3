#include "coordinator/admin/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/base/file_system.h"
#include "coordinator/store/backup.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class DoctorTest : public FarmFixture {
 protected:
  void SetUp() override { ASSERT_TRUE(WriteFileAtomically(root_ / "farm.lock", "").ok()); }

  fs::path database() const { return root_ / "farm.db"; }
  // As by SIGKILL; the log stays beside the database.
  void StopFarm() {
    background_.RunAll();
    background_.DropAll();
    engine_.reset();
    store_.reset();
  }
  Diagnosis Examine(bool repair, bool hash = false) {
    const auto diagnosis = ExamineFarm({root_, store_folder_, repair, hash});
    EXPECT_TRUE(diagnosis.ok()) << diagnosis.status();
    return diagnosis.ok() ? *diagnosis : Diagnosis();
  }
  // Runs the film to the first render task and leaves `worker` with that lease.
  std::string HalfAFilm(const FakeWorker& worker) {
    const std::string job = Submit(Settings());
    WorkUntil(worker, TaskKind::kRender);
    return job;
  }
  // Those who were at work when the farm was stopped don't come back.
  void StartAfterGrace() {
    RestartFarm();
    clock_.Advance(kGrace + 1);
    engine_->Tick();
  }
  // The directory of a committed result, relative to the store.
  std::string DirectoryOf(const std::string& job, const std::string& task) {
    return Task(job, task).committed_directory;
  }
  std::string CalmFilm() {
    Submit(Settings());
    Work(NewWorker("calm"));
    const std::string film = FilmText();
    fs::remove(Output());
    return film;
  }
};

TEST_F(DoctorTest, AFarmInTheMiddleOfAFilmIsSound) {
  const std::string job = HalfAFilm(NewWorker("a"));
  StopFarm();
  const Diagnosis diagnosis = Examine(/*repair=*/false, /*hash=*/true);
  EXPECT_THAT(diagnosis.findings, IsEmpty());
  EXPECT_EQ(diagnosis.jobs, 1);
  EXPECT_EQ(diagnosis.results, 1 + 2);
}

TEST_F(DoctorTest, AFarmThatHasFinishedIsSound) {
  Submit(Settings());
  Work(NewWorker("a"));
  StopFarm();
  EXPECT_THAT(Examine(/*repair=*/false).findings, IsEmpty());
}

TEST_F(DoctorTest, ALostDatabaseIsMadeAgainAndNothingCommittedIsDoneAgain) {
  const std::string film = CalmFilm();
  const std::string job = HalfAFilm(NewWorker("a"));
  StopFarm();
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(database().string() + end);

  EXPECT_EQ(CheckNotLost(root_, store_folder_).code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Examine(/*repair=*/false).findings, Not(IsEmpty()));
  EXPECT_FALSE(fs::exists(database()));
  EXPECT_EQ(Examine(/*repair=*/true).results, 3);
  EXPECT_TRUE(CheckNotLost(root_, store_folder_).ok());

  StartAfterGrace();
  EXPECT_EQ(Work(NewWorker("b")), 3 + 5);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Report(job).tasks.reused, 3);
  EXPECT_EQ(Report(job).tasks.run, 8);
  EXPECT_EQ(FilmText(), film);
}

TEST_F(DoctorTest, ADamagedDatabaseIsKeptAside) {
  const std::string job = HalfAFilm(NewWorker("a"));
  StopFarm();
  for (const char* end : {"-wal", "-shm"}) fs::remove(database().string() + end);
  std::ofstream(database()) << std::string(9000, 'x');
  EXPECT_THAT(Examine(/*repair=*/true).findings,
              Contains(HasSubstr("is " + database().string() + ".damaged-1 now")));
  EXPECT_EQ(ReadFile(database().string() + ".damaged-1").value(), std::string(9000, 'x'));
  StartAfterGrace();
  Work(NewWorker("b"));
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(DoctorTest, JobsThatHadEndedComeBackAsTheyWere) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  Work(NewWorker("a"));
  const JobRecord before = Report(job).job;
  StopFarm();
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(database().string() + end);
  Examine(/*repair=*/true);
  StartAfterGrace();
  const JobRecord after = Report(job).job;
  EXPECT_EQ(after.state, JobState::kDone);
  EXPECT_EQ(after.settings, before.settings);
  EXPECT_EQ(after.fingerprint, before.fingerprint);
  EXPECT_EQ(after.range, before.range);
  EXPECT_EQ(after.ended_micros, before.ended_micros);
}

TEST_F(DoctorTest, AnOlderBackupIsBroughtUpToDateFromTheStore) {
  const std::string film = CalmFilm();
  const std::string job = HalfAFilm(NewWorker("a"));
  ASSERT_TRUE(BackUpDatabase(database(), root_ / "backup.db").ok());
  const FakeWorker b = NewWorker("b");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Complete(b, MustLease(b)).ok());
  StopFarm();
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(database().string() + end);
  fs::rename(root_ / "backup.db", database());

  EXPECT_THAT(Examine(/*repair=*/false).findings, SizeIs(3));
  EXPECT_THAT(Examine(/*repair=*/true).findings, SizeIs(3));
  EXPECT_THAT(Examine(/*repair=*/false).findings, IsEmpty());
  StartAfterGrace();
  EXPECT_EQ(Work(NewWorker("c")), 11 - 3 - 3);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(FilmText(), film);
}

TEST_F(DoctorTest, ADamagedResultIsFoundAndMadeAgain) {
  const std::string job = HalfAFilm(NewWorker("a"));
  const fs::path folder = store_folder_ / DirectoryOf(job, "depth/000000-000050");
  StopFarm();
  // As long as it was: only its hash says so.
  std::ofstream(folder / "depth.000003.exr") << "depth of X";
  EXPECT_THAT(Examine(/*repair=*/false).findings, IsEmpty());
  EXPECT_THAT(Examine(/*repair=*/false, /*hash=*/true).findings,
              Contains(HasSubstr("depth.000003.exr has other content")));
  Examine(/*repair=*/true, /*hash=*/true);
  EXPECT_FALSE(fs::exists(folder));
  StartAfterGrace();
  EXPECT_EQ(Work(NewWorker("b")), 1 + 3 + 5);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(DoctorTest, AResultWithoutFilesIsMadeAgain) {
  const std::string job = HalfAFilm(NewWorker("a"));
  const fs::path folder = store_folder_ / DirectoryOf(job, "depth/000000-000050");
  StopFarm();
  fs::remove_all(folder);
  EXPECT_THAT(Examine(/*repair=*/true).findings,
              ElementsAre(HasSubstr("depth/000000-000050 counts as done, but its files are gone")));
  EXPECT_THAT(Examine(/*repair=*/false).findings, IsEmpty());
  StartAfterGrace();
  Work(NewWorker("b"));
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(DoctorTest, FoldersThatNobodyReadsGoAndOthersStay) {
  const FakeWorker a = NewWorker("a");
  const std::string job = Submit(Settings());
  const TaskLease lease = WorkUntil(a, TaskKind::kDepth);
  a.Do(lease);  // not reported yet
  const fs::path depth = store_folder_ / "jobs" / job / "depth" / "000000-000050";
  ASSERT_TRUE(MakeDirectories(depth / "e0-stale").ok());
  std::ofstream(depth / "e0-stale" / "depth.000000.exr") << "x";
  std::ofstream(store_folder_ / "jobs" / job / "index.pb.77.tmp") << "x";
  std::ofstream(store_folder_ / lease.attempt_directory / "manifest.pb.78.tmp") << "x";
  ASSERT_TRUE(MakeDirectories(store_folder_ / "jobs" / "stranger" / "depth").ok());
  StopFarm();
  EXPECT_THAT(Examine(/*repair=*/true).findings, SizeIs(3));
  EXPECT_FALSE(fs::exists(depth / "e0-stale"));
  EXPECT_FALSE(fs::exists(store_folder_ / "jobs" / job / "index.pb.77.tmp"));
  EXPECT_TRUE(fs::exists(store_folder_ / lease.attempt_directory / "manifest.pb.78.tmp"));
  EXPECT_TRUE(fs::exists(store_folder_ / "jobs" / "stranger" / "depth"));
}

TEST_F(DoctorTest, HalfAFilmOfACancelledJobGoes) {
  const std::string job = HalfAFilm(NewWorker("a"));
  ASSERT_TRUE(engine_->Cancel(job).ok());
  StopFarm();
  const fs::path half = root_ / "films" / (".out.stereofarm-" + job + ".mkv");
  std::ofstream(half) << "half";
  EXPECT_THAT(Examine(/*repair=*/false).findings, Contains(HasSubstr(half.string())));
  Examine(/*repair=*/true);
  EXPECT_FALSE(fs::exists(half));
}

TEST_F(DoctorTest, AFolderWithoutAFarmIsSaidToBeNone) {
  StopFarm();
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(database().string() + end);
  EXPECT_EQ(ExamineFarm({root_, store_folder_, true, false}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace stereofarm
