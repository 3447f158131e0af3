// SIGKILL to a worker or to the coordinator in every stage; the film comes out with the same
// bytes.
#include <filesystem>
#include <ostream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/hand_farm.h"
#include "tests/e2e/programs.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kOptions = {"--range", "20:68", "--shard-frames", "12"};

// A moment of a job, known by what lies in its folder of the store.
struct Moment {
  std::string name;
  std::string folder;
  std::string part;
};
void PrintTo(const Moment& moment, std::ostream* out) { *out << moment.name; }

class KillTest : public testing::TestWithParam<Moment> {
 protected:
  // The bytes of an undisturbed run. OUT has the same name in every run: it belongs to the job
  // that is written into the film.
  void SetUp() override {
    farm_.StartCoordinator();
    farm_.StartWorker("a");
    const std::string job = farm_.Submit("out.mkv", kOptions);
    ASSERT_EQ(farm_.Ask({"watch", job, "--quiet"}).code, 0);
    bytes_ = FileHash(farm_.films() / "out.mkv");
    fs::remove(farm_.films() / "out.mkv");
  }
  void AwaitMoment(const std::string& job) {
    const fs::path folder = farm_.store() / "jobs" / job / GetParam().folder;
    ASSERT_TRUE(WaitUntil([&] { return CountBelow(folder, GetParam().part) > 0; }));
  }

  HandFarm farm_;
  std::string bytes_;
};

TEST_P(KillTest, OfAWorker) {
  const std::string job = farm_.Submit("out.mkv", kOptions);
  AwaitMoment(job);
  farm_.KillWorker("a");
  farm_.StartWorker("b");
  const Ended watched = farm_.Ask({"watch", job, "--json"});
  ASSERT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(FileHash(farm_.films() / "out.mkv"), bytes_);
}

TEST_P(KillTest, OfTheCoordinator) {
  const std::string job = farm_.Submit("out.mkv", kOptions);
  // Outlives the coordinator, once it has found it.
  Running watch({"stereofarm", "watch", job, "--json", "--farm", farm_.address()});
  ASSERT_TRUE(WaitUntil([&] { return !watch.out().empty(); }));
  AwaitMoment(job);
  farm_.KillCoordinator();
  farm_.StartCoordinator();
  const Ended watched = watch.Wait();
  ASSERT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(FileHash(farm_.films() / "out.mkv"), bytes_);
}

INSTANTIATE_TEST_SUITE_P(InEveryStage, KillTest,
                         testing::Values(Moment{"Index", "", ""}, Moment{"Scan", "scan", "e"},
                                         Moment{"Depth", "depth", "depth."},
                                         Moment{"Render", "segments", "segment"}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace stereofarm
