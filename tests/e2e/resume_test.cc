// A conversion that was interrupted goes on where it was.
#include <signal.h>

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class ResumeTest : public testing::Test {
 protected:
  fs::path out() const { return folder_ / "out.mkv"; }
  fs::path work() const { return folder_ / "out.mkv.stereofarm"; }
  std::vector<std::string> Command(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> args = {"stereofarm",   "convert",   SmallFilm().string(),
                                     out().string(), "--json",    "--shard-frames",
                                     "12",           "--workers", "2"};
    args.insert(args.end(), options.begin(), options.end());
    return args;
  }
  // Waits until some shards have their depth for good.
  bool SomeDepthIsCommitted() const {
    return WaitUntil([&] {
      int count = 0;
      for (const std::string& file : FilesBelow(work() / "store")) {
        if (file.find("/depth/") != std::string::npos && file.ends_with("committed.pb")) ++count;
      }
      return count >= 2;
    });
  }

  TempFolder folder_;
};

TEST_F(ResumeTest, AfterSigkillCommittedShardsAreNotDoneAgain) {
  const Ended calm = RunProgram(Command());
  ASSERT_EQ(calm.code, 0) << calm.err;
  const std::string bytes = FileHash(out());
  const int tasks = calm.LastJson()["tasks_run"];
  fs::remove(out());

  Running first(Command());
  ASSERT_TRUE(SomeDepthIsCommitted());
  std::vector<pid_t> children = ChildrenOf(first.process().pid(), "stereofarm-worker");
  const auto coordinators = ChildrenOf(first.process().pid(), "stereofarm-coordinator");
  ASSERT_EQ(children.size(), 2u);
  ASSERT_EQ(coordinators.size(), 1u);
  children.insert(children.end(), coordinators.begin(), coordinators.end());
  first.process().Kill(SIGKILL);
  first.Wait();
  for (const pid_t child : children) {
    EXPECT_TRUE(WaitUntil([&] { return !IsAlive(child); }, 10)) << "outlived its convert";
  }
  EXPECT_FALSE(fs::exists(out()));

  const Ended second = RunProgram(Command());
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_GE(second.LastJson()["tasks_reused"], 3);  // the scan and two shards' depth
  EXPECT_EQ(
      second.LastJson()["tasks_reused"].get<int>() + second.LastJson()["tasks_run"].get<int>(),
      tasks);
  EXPECT_EQ(FileHash(out()), bytes);
  EXPECT_THAT(FilesBelow(folder_.path()), ElementsAre("out.mkv"));
}

TEST_F(ResumeTest, ALostDatabaseIsMadeAgainFromWhatIsCommitted) {
  const Ended calm = RunProgram(Command());
  ASSERT_EQ(calm.code, 0) << calm.err;
  const std::string bytes = FileHash(out());
  const int tasks = calm.LastJson()["tasks_run"];
  fs::remove(out());

  Running first(Command());
  ASSERT_TRUE(SomeDepthIsCommitted());
  const auto coordinators = ChildrenOf(first.process().pid(), "stereofarm-coordinator");
  first.process().Kill(SIGKILL);
  first.Wait();
  for (const pid_t child : coordinators) {
    ASSERT_TRUE(WaitUntil([&] { return !IsAlive(child); }, 10));
  }
  const int committed = CountBelow(work() / "store", "committed.pb");
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(work() / ("farm.db" + std::string(end)));

  const std::vector<std::string> doctor = {"stereofarm-coordinator", "doctor", "--root",
                                           work().string()};
  EXPECT_EQ(RunProgram(doctor).code, 1);
  std::vector<std::string> repair = doctor;
  repair.push_back("--repair");
  const Ended repaired = RunProgram(repair);
  EXPECT_EQ(repaired.code, 0) << repaired.err;
  EXPECT_EQ(RunProgram(doctor).code, 0);

  const Ended second = RunProgram(Command());
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(second.LastJson()["tasks_reused"], committed);
  EXPECT_EQ(second.LastJson()["tasks_run"], tasks - committed);
  EXPECT_EQ(FileHash(out()), bytes);
}

TEST_F(ResumeTest, AfterCtrlCItSaysHowToGoOnAndDoes) {
  Running first(Command());
  ASSERT_TRUE(SomeDepthIsCommitted());
  const auto workers = ChildrenOf(first.process().pid(), "stereofarm-worker");
  first.process().Kill(SIGINT);
  const Ended interrupted = first.Wait(30);
  EXPECT_EQ(interrupted.code, 130);
  EXPECT_EQ(interrupted.err, "stereofarm: interrupted; run the same command again to go on\n");
  for (const pid_t worker : workers) EXPECT_FALSE(IsAlive(worker));
  EXPECT_FALSE(fs::exists(out()));

  const Ended second = RunProgram(Command());
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_GE(second.LastJson()["tasks_reused"], 3);
  EXPECT_EQ(FrameTimes(out()).size(), static_cast<size_t>(kSampleFrames));
}

TEST_F(ResumeTest, AWorkerAndACoordinatorThatDieAreStartedAgain) {
  Running convert(Command());
  ASSERT_TRUE(SomeDepthIsCommitted());
  const auto workers = ChildrenOf(convert.process().pid(), "stereofarm-worker");
  ASSERT_FALSE(workers.empty());
  kill(workers[0], SIGKILL);
  const auto coordinators = ChildrenOf(convert.process().pid(), "stereofarm-coordinator");
  ASSERT_EQ(coordinators.size(), 1u);
  kill(coordinators[0], SIGKILL);
  const Ended ended = convert.Wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(FrameTimes(out()).size(), static_cast<size_t>(kSampleFrames));
}

TEST_F(ResumeTest, AChangedConvergenceRendersAgainWithoutDepth) {
  const Ended first = RunProgram(Command({"--keep", "--range", "20:60"}));
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_TRUE(fs::exists(work()));
  // A scan, then a depth and a render task for each shard.
  const int tasks = first.LastJson()["tasks_run"];
  const int shards = (tasks - 1) / 2;
  ASSERT_EQ(tasks, 1 + 2 * shards);

  const Ended second =
      RunProgram(Command({"--keep", "--range", "20:60", "--convergence", "0.3", "--yes"}));
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(second.LastJson()["tasks_run"], shards);
  EXPECT_EQ(second.LastJson()["tasks_reused"], 1 + shards);
}

TEST_F(ResumeTest, TheStateOfAFilmThatIsDoneIsCleared) {
  Running first(Command());
  ASSERT_TRUE(SomeDepthIsCommitted());
  first.process().Kill(SIGTERM);
  EXPECT_EQ(first.Wait(30).code, 130);
  EXPECT_TRUE(fs::exists(work()));
  ASSERT_EQ(RunProgram(Command()).code, 0);
  EXPECT_FALSE(fs::exists(work()));
}

TEST_F(ResumeTest, AnotherConversionInTheSameFolderStaysAsItIs) {
  const fs::path shared = folder_ / "work";
  const std::vector<std::string> first = Command({"--work-dir", shared.string()});
  const Ended calm = RunProgram(Command({"--work-dir", (folder_ / "calm").string()}));
  ASSERT_EQ(calm.code, 0) << calm.err;
  const std::string bytes = FileHash(out());
  const int tasks = calm.LastJson()["tasks_run"];
  fs::remove(out());
  {
    Running running(first);
    ASSERT_TRUE(WaitUntil([&] { return CountBelow(shared / "store", "committed.pb") >= 3; }));
    running.process().Kill(SIGINT);
    ASSERT_EQ(running.Wait().code, 130);
  }
  const auto committed = [&] { return CountBelow(shared / "store", "committed.pb"); };
  const int before = committed();

  const fs::path other = folder_ / "other.mkv";
  const Ended second =
      Stereofarm({"convert", SmallFilm().string(), other.string(), "--work-dir", shared.string(),
                  "--range", "0:24", "--shard-frames", "12", "--json"});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_TRUE(fs::exists(other));
  EXPECT_THAT(second.err, HasSubstr("unfinished conversion to " + out().string()));
  EXPECT_THAT(second.err, HasSubstr("run its own command again"));
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_EQ(committed(), before);

  const Ended rest = RunProgram(first);
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_EQ(rest.err, "");
  EXPECT_EQ(FileHash(out()), bytes);
  EXPECT_GT(rest.LastJson()["tasks_reused"].get<int>(), 0);
  EXPECT_EQ(rest.LastJson()["tasks_reused"].get<int>() + rest.LastJson()["tasks_run"].get<int>(),
            tasks);
  EXPECT_FALSE(fs::exists(shared));
}

}  // namespace
}  // namespace stereofarm
