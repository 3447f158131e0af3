// Orders to a farm while it works: what running workers hear of them, and how soon.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/hand_farm.h"
#include "tests/e2e/programs.h"

namespace stereofarm {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::vector<std::string> kFilm = {"--range", "0:60", "--shard-frames", "12"};

class OrdersTest : public ::testing::Test {
 protected:
  OrdersTest() { farm_.StartCoordinator(); }

  json Worker(const std::string& state) {
    for (const std::string& line : farm_.Ask({"workers", "--json"}).OutLines()) {
      const json worker = json::parse(line);
      if (worker["state"] == state) return worker;
    }
    return json();
  }
  // Until one of the workers is in this state; its row.
  json Await(const std::string& state) {
    json worker;
    EXPECT_TRUE(WaitUntil([&] {
      worker = Worker(state);
      return !worker.is_null();
    })) << state;
    return worker;
  }

  HandFarm farm_;
};

TEST_F(OrdersTest, APausedJobStopsItsWorkersAtOnceAndGoesOnWithTheSameBytes) {
  farm_.StartWorker("a");
  const std::string job = farm_.Submit("out.mkv", kFilm);
  Await("busy");
  ASSERT_EQ(farm_.Ask({"pause", job}).code, 0);
  const int64_t begin = RealClock()->MonotonicMicros();
  Await("idle");
  // Long before it would have renewed its lease of 30 s.
  EXPECT_LT(RealClock()->MonotonicMicros() - begin, 4'500'000);
  const json paused = farm_.Status(job);
  EXPECT_EQ(paused["state"], "running");
  EXPECT_EQ(paused["paused"], true);
  EXPECT_THAT(paused["hold"].get<std::string>(), HasSubstr("paused"));
  EXPECT_EQ(paused["tasks"]["leased"], 0);
  EXPECT_THAT(farm_.Ask({"jobs"}).out, HasSubstr("running, paused"));
  ASSERT_EQ(farm_.Ask({"resume", job}).code, 0);
  EXPECT_EQ(farm_.Ask({"watch", job, "--quiet"}).code, 0);
  const std::string hash = FileHash(farm_.films() / "out.mkv");

  const std::string undisturbed = farm_.Submit("again.mkv", kFilm);
  EXPECT_EQ(farm_.Ask({"watch", undisturbed, "--quiet"}).code, 0);
  EXPECT_EQ(FileHash(farm_.films() / "again.mkv"), hash);
}

TEST_F(OrdersTest, ADrainedWorkerLosesNothingAndANewOneGetsWorkWithinASecond) {
  farm_.StartWorker("a");
  const std::string job = farm_.Submit("out.mkv", kFilm);
  const json busy = Await("busy");
  ASSERT_EQ(farm_.Ask({"drain", busy["name"].get<std::string>()}).code, 0);
  Await("drained");
  const json status = farm_.Status(job);
  EXPECT_EQ(status["state"], "running");
  EXPECT_EQ(status["tasks"]["leased"], 0);
  EXPECT_GT(status["tasks"]["done"], 0);
  EXPECT_THAT(status["hold"].get<std::string>(), HasSubstr("drained"));

  farm_.StartWorker("b");
  const int64_t joined = RealClock()->MonotonicMicros();
  ASSERT_TRUE(WaitUntil([&] { return farm_.Status(job)["tasks"]["leased"] > 0; }));
  const double seconds = static_cast<double>(RealClock()->MonotonicMicros() - joined) * 1e-6;
  RecordProperty("seconds_to_first_task", std::to_string(seconds));
  EXPECT_EQ(farm_.Ask({"watch", job, "--quiet"}).code, 0);
  EXPECT_EQ(farm_.Ask({"resume-worker", busy["worker"].get<std::string>()}).code, 0);
  Await("idle");
}

TEST_F(OrdersTest, AWorkerDrainedNowHandsItsTaskToTheOther) {
  farm_.StartWorker("a");
  const std::string job = farm_.Submit("out.mkv", kFilm);
  const json busy = Await("busy");
  ASSERT_EQ(farm_.Ask({"drain", busy["worker"].get<std::string>(), "--now"}).code, 0);
  const int64_t begin = RealClock()->MonotonicMicros();
  Await("drained");
  EXPECT_LT(RealClock()->MonotonicMicros() - begin, 4'500'000);
  farm_.StartWorker("b");
  EXPECT_EQ(farm_.Ask({"watch", job, "--quiet"}).code, 0);
}

TEST_F(OrdersTest, AWorkerThatIsToldItWillBeTakenAwayFinishesItsTask) {
  farm_.StartWorker("a");
  const std::string job = farm_.Submit("out.mkv", kFilm);
  Await("busy");
  const int done = farm_.Status(job)["tasks"]["done"];
  farm_.worker("a").process().Kill(SIGUSR1);
  EXPECT_EQ(farm_.worker("a").Wait(60).code, 0);
  EXPECT_GT(farm_.Status(job)["tasks"]["done"], done);
  EXPECT_EQ(farm_.Status(job)["tasks"]["leased"], 0);
}

TEST_F(OrdersTest, ARestartedCoordinatorHandsTasksOutSoon) {
  farm_.StartWorker("a");
  const std::string job = farm_.Submit("out.mkv", kFilm);
  ASSERT_EQ(farm_.Ask({"pause", job}).code, 0);
  Await("idle");
  farm_.KillCoordinator();
  // Away for long enough that the worker has begun to wait between its tries.
  std::this_thread::sleep_for(std::chrono::seconds(8));
  farm_.StartCoordinator();
  const int64_t begin = RealClock()->MonotonicMicros();
  ASSERT_EQ(farm_.Ask({"resume", job}).code, 0);
  Await("busy");
  const double seconds = static_cast<double>(RealClock()->MonotonicMicros() - begin) * 1e-6;
  RecordProperty("seconds_to_first_task", std::to_string(seconds));
  EXPECT_LT(seconds, 20);
  EXPECT_EQ(farm_.Ask({"watch", job, "--quiet"}).code, 0);
}

TEST_F(OrdersTest, PriorityCanBeSetAndTold) {
  const std::string job = farm_.Submit("out.mkv", {"--priority", "3", "--workers", "1"});
  EXPECT_EQ(farm_.Ask({"priority", job}).out, "3\n");
  EXPECT_EQ(farm_.Ask({"priority", job, "-7"}).code, 0);
  EXPECT_EQ(farm_.Ask({"priority", job}).out, "-7\n");
  EXPECT_EQ(farm_.Ask({"priority", job, "5000"}).code, 3);
  EXPECT_EQ(farm_.Status(job)["max_workers"], 1);
  EXPECT_EQ(farm_.Ask({"drain", "nobody"}).code, 3);
  EXPECT_EQ(farm_.Ask({"pause", "nojob"}).code, 3);
}

}  // namespace
}  // namespace stereofarm
