// A farm that somebody started by hand: submit, watch and the like against it.
#include <signal.h>

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/hand_farm.h"
#include "tests/e2e/programs.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

const std::vector<std::string> kShort = {"--range", "20:50", "--shard-frames", "12"};

TEST(FarmTest, AJobGoesFromSubmitToItsFilm) {
  HandFarm farm;
  farm.StartCoordinator();
  EXPECT_EQ(farm.Ask({"jobs"}).out, "no jobs\n");
  EXPECT_EQ(farm.Ask({"workers"}).out, "no workers\n");
  farm.StartWorker("a");

  const std::string job = farm.Submit("out.mkv", kShort);
  EXPECT_THAT(job, MatchesRegex("[0-9a-z]+"));
  const Ended watched = farm.Ask({"watch", job, "--json"});
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(watched.LastJson()["frames"], 30);
  EXPECT_EQ(watched.LastJson()["output"], (farm.films() / "out.mkv").string());
  EXPECT_EQ(FrameTimes(farm.films() / "out.mkv").size(), 30u);

  const json status = farm.Status(job);
  EXPECT_EQ(status["state"], "done");
  ASSERT_EQ(status["shots"].size(), 2u);  // the cut at 36
  EXPECT_EQ(status["shots"][1]["begin"], 36);
  EXPECT_GE(status["seams"].size(), 1u);
  EXPECT_TRUE(status["seams"][0].contains("frame"));
  EXPECT_TRUE(status["seams"][0].contains("shot"));
  EXPECT_LT(status["seams"][0]["residual_percent_of_width"], 0.1);
  EXPECT_EQ(status["tasks"]["done"], status["tasks"]["total"]);
  EXPECT_EQ(farm.Ask({"jobs", "--json"}).LastJson()["job"], job);
  EXPECT_THAT(farm.Ask({"jobs"}).out, HasSubstr("out.mkv"));
  const json worker = farm.Ask({"workers", "--json"}).LastJson();
  EXPECT_EQ(worker["device"], "cpu");
  // Builds aren't mixed within a shot.
  EXPECT_THAT(worker["numeric_class"].get<std::string>(),
              EndsWith("/stereofarm" + worker["build"].get<std::string>()));
  EXPECT_THAT(farm.Ask({"status", job}).out, HasSubstr("state    done"));
}

TEST(FarmTest, AWorkerJoinsInTheMiddleAndTheBytesStayTheSame) {
  HandFarm farm;
  farm.StartCoordinator();
  // Submitted before there is any worker.
  const std::string first = farm.Submit("out.mkv", kShort);
  farm.StartWorker("a");
  EXPECT_EQ(farm.Ask({"watch", first, "--quiet"}).code, 0);
  const std::string bytes = FileHash(farm.films() / "out.mkv");
  fs::remove(farm.films() / "out.mkv");

  const std::string second = farm.Submit("out.mkv", kShort);
  EXPECT_NE(second, first);
  ASSERT_TRUE(WaitUntil(
      [&] { return CountBelow(farm.store() / "jobs" / second / "depth", "depth.") > 0; }));
  farm.StartWorker("b");
  EXPECT_EQ(farm.Ask({"watch", second, "--quiet"}).code, 0);
  EXPECT_EQ(FileHash(farm.films() / "out.mkv"), bytes);
}

TEST(FarmTest, AWorkerThatIsAskedToStopHandsItsWorkBack) {
  HandFarm farm;
  farm.StartCoordinator();
  farm.StartWorker("a");
  const std::string job = farm.Submit("out.mkv", kShort);
  ASSERT_TRUE(
      WaitUntil([&] { return CountBelow(farm.store() / "jobs" / job / "depth", "depth.") > 0; }));
  farm.worker("a").process().Kill(SIGTERM);
  EXPECT_EQ(farm.worker("a").Wait(30).code, 0);
  const json status = farm.Status(job);
  EXPECT_EQ(status["state"], "running");
  EXPECT_EQ(status["tasks"]["leased"], 0);
  farm.StartWorker("b");
  EXPECT_EQ(farm.Ask({"watch", job, "--quiet"}).code, 0);
}

TEST(FarmTest, WatchOutlivesTheCoordinator) {
  HandFarm farm;
  farm.StartCoordinator();
  const std::string job = farm.Submit("out.mkv", kShort);
  Running watch({"stereofarm", "watch", job, "--json", "--farm", farm.address()});
  ASSERT_TRUE(WaitUntil([&] { return !watch.out().empty(); }));
  farm.KillCoordinator();
  farm.StartCoordinator();
  farm.StartWorker("a");
  const Ended watched = watch.Wait();
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(watched.LastJson()["frames"], 30);
}

TEST(FarmTest, ACancelledJobCanBeRunAgain) {
  HandFarm farm;
  farm.StartCoordinator();
  const std::string job = farm.Submit("out.mkv", kShort);
  const Ended cancelled = farm.Ask({"cancel", job});
  EXPECT_EQ(cancelled.code, 0) << cancelled.err;
  EXPECT_EQ(cancelled.out, "job " + job + " is cancelled\n");
  const Ended watched = farm.Ask({"watch", job});
  EXPECT_EQ(watched.code, 4);
  EXPECT_EQ(watched.err, "stereofarm: job " + job + " was cancelled\n");
  farm.StartWorker("a");
  EXPECT_EQ(farm.Ask({"retry", job}).code, 0);
  EXPECT_EQ(farm.Ask({"watch"}).code, 0);  // the newest one that runs
  EXPECT_TRUE(fs::exists(farm.films() / "out.mkv"));
}

TEST(FarmTest, WhatCannotWorkIsRefusedAtOnce) {
  HandFarm farm;
  farm.StartCoordinator();
  const Ended unknown = farm.Ask({"status", "nosuchjob"});
  EXPECT_EQ(unknown.code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("there is no job 'nosuchjob'"));
  const Ended outside =
      farm.Ask({"submit", SmallFilm().string(), "/var/tmp/stereofarm-elsewhere.mkv"});
  EXPECT_EQ(outside.code, 5);
  EXPECT_THAT(outside.err, HasSubstr("--allow"));
  const Ended missing =
      farm.Ask({"submit", (farm.films() / "none.mkv").string(), (farm.films() / "o.mkv").string()});
  EXPECT_EQ(missing.code, 3);
  EXPECT_THAT(missing.err, HasSubstr("none.mkv"));
}

TEST(FarmTest, AFarmThatIsNotThereIsNamed) {
  for (const std::string address : {"unix:/nonexistent/farm.sock", "127.0.0.1:9"}) {
    const Ended ended = Stereofarm({"jobs", "--farm", address}, 20);
    EXPECT_EQ(ended.code, 5);
    EXPECT_THAT(ended.err, HasSubstr(address));
  }
  EXPECT_EQ(Stereofarm({"jobs", "--farm", "nonsense"}).code, 2);
}

}  // namespace
}  // namespace stereofarm
