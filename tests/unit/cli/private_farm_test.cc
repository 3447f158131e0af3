#include "coordinator/cli/private_farm.h"

#include <filesystem>
#include <fstream>

#include "common/base/file_system.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// A clock that stands still unless it's moved.
class ManualClock : public Clock {
 public:
  int64_t WallMicros() override { return micros; }
  int64_t MonotonicMicros() override { return micros; }
  int64_t micros = 0;
};

// Programs of the farm that are shell scripts.
class PrivateFarmTest : public testing::Test {
 protected:
  PrivateFarmTest() {
    WriteScript("stereofarm-coordinator", "while :; do :; done");
    WriteScript("stereofarm-worker", "echo out of luck; exit 7");
  }
  void WriteScript(const std::string& name, const std::string& body) {
    const fs::path path = folder_.path() / name;
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(path, fs::perms::owner_all);
  }
  PrivateFarmOptions Options() const {
    return {folder_.path(), folder_.path() / "work", folder_.path() / "work/farm.sock", {"cpu"}};
  }
  // Supervises until that fails or `deaths` more children have died.
  absl::Status SuperviseDeaths(PrivateFarm* farm, int deaths) {
    for (int seen = 0; seen < deaths;) {
      const bool ran = farm->NextStart() == INT64_MAX;
      const absl::Status status = farm->Supervise();
      if (!status.ok()) return status;
      if (ran && farm->NextStart() != INT64_MAX) {
        ++seen;
        clock_.micros = farm->NextStart();
      }
    }
    return absl::OkStatus();
  }

  TempFolder folder_;
  ManualClock clock_;
};

TEST_F(PrivateFarmTest, AChildThatDiesIsStartedAgainLaterEachTime) {
  PrivateFarm farm(Options(), &clock_);
  ASSERT_TRUE(farm.StartCoordinator().ok());
  ASSERT_TRUE(farm.StartWorkers().ok());
  int64_t last_pause = 0;
  for (int i = 0; i < 3; ++i) {
    const int64_t before = clock_.micros;
    ASSERT_TRUE(SuperviseDeaths(&farm, 1).ok());
    EXPECT_GT(clock_.micros - before, last_pause);
    last_pause = clock_.micros - before;
  }
}

TEST_F(PrivateFarmTest, FiveDeathsInARowAreAnErrorThatNamesTheLog) {
  PrivateFarm farm(Options(), &clock_);
  ASSERT_TRUE(farm.StartCoordinator().ok());
  ASSERT_TRUE(farm.StartWorkers().ok());
  const absl::Status status = SuperviseDeaths(&farm, 5);
  ASSERT_FALSE(status.ok());
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("worker-1 of this conversion exited with status 7 5 times"));
  EXPECT_THAT(message, HasSubstr((farm.logs() / "worker-1.log").string()));
  EXPECT_THAT(message, HasSubstr("out of luck"));
}

TEST_F(PrivateFarmTest, ProgressForgivesDeaths) {
  PrivateFarm farm(Options(), &clock_);
  ASSERT_TRUE(farm.StartCoordinator().ok());
  ASSERT_TRUE(farm.StartWorkers().ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(SuperviseDeaths(&farm, 4).ok());
    farm.NoteProgress();
  }
}

TEST_F(PrivateFarmTest, StopEndsItAtOnceInAHurry) {
  WriteScript("stereofarm-coordinator", "trap '' TERM; while :; do :; done");
  PrivateFarm farm(Options(), &clock_);
  ASSERT_TRUE(farm.StartCoordinator().ok());
  farm.Stop([] { return true; });
  EXPECT_EQ(farm.NextStart(), 0);
}

TEST(WorkerDevicesTest, OneWorkerForEachThatIsAskedFor) {
  EXPECT_THAT(*WorkerDevices("cpu", 3), ElementsAre("cpu", "cpu", "cpu"));
  EXPECT_THAT(*WorkerDevices("cuda:1", 0), ElementsAre("cuda:1"));
  EXPECT_THAT(*WorkerDevices("cuda:1", 2), ElementsAre("cuda:1", "cuda:1"));
  const size_t cpu = WorkerDevices("cpu", 0)->size();
  EXPECT_GE(cpu, 1u);
  EXPECT_LE(cpu, 8u);
  EXPECT_FALSE(WorkerDevices("gpu", 0).ok());
  EXPECT_FALSE(WorkerDevices("cuda:", 0).ok());
}

TEST(LastLineTest, SkipsEmptyLinesAtTheEnd) {
  const TempFolder folder;
  const fs::path file = folder.path() / "log";
  EXPECT_EQ(LastLine(file), "");
  ASSERT_TRUE(WriteFileAtomically(file, "\n\n").ok());
  EXPECT_EQ(LastLine(file), "");
  ASSERT_TRUE(WriteFileAtomically(file, "only").ok());
  EXPECT_EQ(LastLine(file), "only");
  ASSERT_TRUE(WriteFileAtomically(file, "first\nlast \n\n").ok());
  EXPECT_EQ(LastLine(file), "last");
}

}  // namespace
}  // namespace stereofarm
