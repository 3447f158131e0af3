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
  void SetUp() override {
    farm_.StartCoordinator();
    farm_.StartWorker("a");
  }
  // OUT has the same name in every run: it belongs to the job that is written into the film.
  std::string Submit() { return farm_.Submit("out.mkv", kOptions); }
  void AwaitMoment(const std::string& job) {
    const fs::path folder = farm_.store() / "jobs" / job / GetParam().folder;
    ASSERT_TRUE(WaitUntil([&] { return CountBelow(folder, GetParam().part) > 0; }));
  }
  // The film's bytes once its job is done; takes it away.
  std::string TakeFilm() {
    const std::string bytes = FileHash(farm_.films() / "out.mkv");
    fs::remove(farm_.films() / "out.mkv");
    return bytes;
  }

  HandFarm farm_;
};

TEST_P(KillTest, OfAWorkerOrTheCoordinatorChangesNoByte) {
  const std::string calm = Submit();
  ASSERT_EQ(farm_.Ask({"watch", calm, "--quiet"}).code, 0);
  const std::string bytes = TakeFilm();

  const std::string without_worker = Submit();
  AwaitMoment(without_worker);
  farm_.KillWorker("a");
  farm_.StartWorker("b");
  const Ended ended = farm_.Ask({"watch", without_worker, "--quiet"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(TakeFilm(), bytes);

  const std::string without_coordinator = Submit();
  AwaitMoment(without_coordinator);
  farm_.KillCoordinator();
  farm_.StartCoordinator();
  const Ended watched = farm_.Ask({"watch", without_coordinator, "--quiet"});
  ASSERT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(TakeFilm(), bytes);
}

INSTANTIATE_TEST_SUITE_P(InEveryStage, KillTest,
                         testing::Values(Moment{"Index", "", ""}, Moment{"Scan", "scan", "e"},
                                         Moment{"Depth", "depth", "depth."},
                                         Moment{"Render", "segments", "segment"}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace stereofarm
