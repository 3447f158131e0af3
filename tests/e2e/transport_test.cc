// Workers that see neither the farm's store nor the film.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/exr/exr.h"
#include "common/image/image.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cutting_proxy.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/e2e/remote_worker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A coordinator on a TCP port whose root, store and film nobody else may read.
class TransportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!MayBecomeAnotherUser()) {
      GTEST_SKIP() << "needs root, the program setpriv, and a build that other users may run";
    }
    fs::create_directories(films());
    film_ = films() / "in.mkv";
    fs::copy_file(SmallFilm(), film_);
    fs::permissions(folder_.path(), fs::perms::owner_all);
    coordinator_ = std::make_unique<Running>(std::vector<std::string>{
        "stereofarm-coordinator", "--root", (folder_ / "root").string(), "--listen", "127.0.0.1:0",
        "--allow", films().string(), "--lease", "5s", "--grace", "2s"});
    ASSERT_TRUE(WaitUntil([&] { return coordinator_->out().ends_with("\n"); }))
        << coordinator_->err();
    const std::string said = coordinator_->out();
    address_ = said.substr(said.find(' ') + 1, said.size() - said.find(' ') - 2);
  }
  fs::path films() const { return folder_ / "films"; }
  fs::path store() const { return folder_ / "root" / "store"; }

  // A worker that sees everything.
  std::unique_ptr<Running> NearWorker(const std::string& address) {
    auto worker = std::make_unique<Running>(
        std::vector<std::string>{"stereofarm-worker", "--farm", address, "--scratch",
                                 (folder_ / "near").string(), "--device", "cpu"});
    EXPECT_TRUE(WaitUntil([&] { return worker->out().ends_with("\n"); })) << worker->err();
    return worker;
  }
  // The film's hash when a job with these options is done, and its id.
  std::string MakeFilm(const std::string& out, const std::vector<std::string>& options,
                       std::string* job = nullptr) {
    std::vector<std::string> words = {"submit",         film_.string(), (films() / out).string(),
                                      "--shard-frames", "12",           "--farm",
                                      address_};
    words.insert(words.end(), options.begin(), options.end());
    const Ended submitted = Stereofarm(words);
    EXPECT_EQ(submitted.code, 0) << submitted.err;
    if (submitted.OutLines().empty()) return "";
    const std::string id = submitted.OutLines().back();
    if (job != nullptr) *job = id;
    const Ended watched = Stereofarm({"watch", id, "--quiet", "--farm", address_});
    EXPECT_EQ(watched.code, 0) << watched.err << coordinator_->err();
    return FileHash(films() / out);
  }
  // All logs of a job's attempts.
  std::string LogsOf(const std::string& job) const {
    std::string all;
    for (const auto& entry : fs::directory_iterator(store() / "jobs" / job / "logs")) {
      std::ifstream file(entry.path());
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  TempFolder folder_;
  fs::path film_;
  std::unique_ptr<Running> coordinator_;
  std::string address_;
};

TEST_F(TransportTest, AWorkerThatSeesNothingMakesTheSameFilm) {
  const std::map<std::string, std::vector<std::string>> ways = {
      {"fused", {"--range", "20:50"}}, {"exr", {"--range", "20:50", "--exr", "all"}}};
  std::map<std::string, std::string> near;
  {
    const auto worker = NearWorker(address_);
    for (const auto& [name, options] : ways) {
      std::string job;
      near[name] = MakeFilm(name + ".near.mkv", options, &job);
      EXPECT_THAT(LogsOf(job), testing::Not(HasSubstr("came from the coordinator")));
    }
    worker->process().Kill(SIGTERM);
    worker->Wait(30);
  }
  RemoteWorker worker(address_);
  for (const auto& [name, options] : ways) {
    std::string job;
    EXPECT_EQ(MakeFilm(name + ".far.mkv", options, &job), near[name]) << name;
    EXPECT_THAT(LogsOf(job), HasSubstr("the store isn't seen from here"));
  }
  worker.running().process().Kill(SIGTERM);
  EXPECT_EQ(worker.running().Wait(30).code, 0);
  EXPECT_EQ(CountBelow(worker.scratch(), ""), 0) << "left in the scratch folder";
}

TEST_F(TransportTest, DepthPicturesOfTheUserComeOverToo) {
  const fs::path depth = films() / "z";
  fs::create_directories(depth);
  for (int i = 0; i < kSampleFrames; ++i) {
    Image metres(kSmallWidth, kSmallHeight, 1);
    for (int y = 0; y < kSmallHeight; ++y) {
      for (int x = 0; x < kSmallWidth; ++x) {
        metres.Row(0, y)[x] = static_cast<float>(1 + (x / 40 + y / 30 + i / 10) % 7);
      }
    }
    const fs::path file = depth / ("z" + std::to_string(1000 + i) + ".exr");
    ASSERT_TRUE(WriteExr(file, metres, {"Z"}, {}).ok());
  }
  const std::vector<std::string> options = {"--range", "20:50", "--depth", "exr:" + depth.string()};
  std::string near;
  {
    const auto worker = NearWorker(address_);
    near = MakeFilm("near.mkv", options);
    worker->process().Kill(SIGTERM);
    worker->Wait(30);
  }
  RemoteWorker worker(address_);
  EXPECT_EQ(MakeFilm("far.mkv", options), near);
}

TEST_F(TransportTest, ExportsOfDepthComeBackToo) {
  const auto options = [&](const std::string& name) {
    return std::vector<std::string>{"--range", "20:44", "--export-depth",
                                    "exr=" + (films() / name).string()};
  };
  std::string near;
  {
    const auto worker = NearWorker(address_);
    near = MakeFilm("near.mkv", options("near"));
    worker->process().Kill(SIGTERM);
    worker->Wait(30);
  }
  RemoteWorker worker(address_);
  EXPECT_EQ(MakeFilm("far.mkv", options("far")), near);
  EXPECT_EQ(FilesBelow(films() / "far"), FilesBelow(films() / "near"));
  for (const char* frame : {"depth.000020.exr", "depth.000031.exr", "depth.000043.exr"}) {
    EXPECT_EQ(FileHash(films() / "far" / frame), FileHash(films() / "near" / frame)) << frame;
  }
}

TEST_F(TransportTest, NearAndFarWorkersMakeAFilmTogether) {
  const auto near = NearWorker(address_);
  const std::vector<std::string> options = {"--exr", "all", "--keep"};
  const std::string alone = MakeFilm("alone.mkv", options);
  RemoteWorker far(address_);
  std::string job;
  EXPECT_EQ(MakeFilm("together.mkv", options, &job), alone);
  EXPECT_THAT(LogsOf(job), HasSubstr("the store isn't seen from here"));
}

TEST_F(TransportTest, ACutLineIsTakenUpAgain) {
  std::string whole;
  {
    const auto worker = NearWorker(address_);
    whole = MakeFilm("whole.mkv", {"--range", "20:50", "--exr", "all"});
    worker->process().Kill(SIGTERM);
    worker->Wait(30);
  }
  // Less than most files here have.
  const CuttingProxy proxy(address_, 600'000);
  RemoteWorker worker(proxy.address());
  std::string job;
  EXPECT_EQ(MakeFilm("cut.mkv", {"--range", "20:50", "--exr", "all"}, &job), whole);
  EXPECT_GT(proxy.cuts(), 20);
}

TEST_F(TransportTest, AFullScratchDiskIsNamed) {
  const TempFolder small;
  fs::permissions(small.path(), fs::perms::all);
  if (RunProgram(
          {"mount", "-t", "tmpfs", "-o", "size=600k,mode=777", "tmpfs", small.path().string()})
          .code != 0) {
    GTEST_SKIP() << "may not mount a small disk";
  }
  {
    const RemoteWorker worker(address_, small / "scratch");
    const Ended submitted = Stereofarm({"submit", film_.string(), (films() / "o.mkv").string(),
                                        "--range", "20:50", "--exr", "all", "--farm", address_});
    ASSERT_EQ(submitted.code, 0) << submitted.err;
    EXPECT_TRUE(WaitUntil(
        [&] { return coordinator_->err().find("(storage-full)") != std::string::npos; }, 60))
        << coordinator_->err();
    EXPECT_THAT(coordinator_->err(), HasSubstr(small.path().string()));
  }
  EXPECT_EQ(RunProgram({"umount", "-l", small.path().string()}).code, 0);
}

}  // namespace
}  // namespace stereofarm
