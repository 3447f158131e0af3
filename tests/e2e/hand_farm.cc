#include "tests/e2e/hand_farm.h"

#include <signal.h>

#include <utility>

#include "gtest/gtest.h"
#include "tests/e2e/films.h"

namespace stereofarm {

HandFarm::HandFarm(const std::filesystem::path& disk)
    : disk_(disk.empty() ? folder_.path() : disk) {
  std::filesystem::create_directories(films());
}

void HandFarm::StartCoordinator() {
  coordinator_ = std::make_unique<Running>(std::vector<std::string>{
      "stereofarm-coordinator", "--root", (disk_ / "root").string(), "--store", store().string(),
      "--listen", address(), "--allow", films().string(), "--allow",
      SmallFilm().parent_path().string(), "--lease", "2s", "--grace", "1s"});
  ASSERT_TRUE(WaitUntil([&] { return coordinator_->out().ends_with("\n"); }))
      << coordinator_->err();
}

void HandFarm::StartWorker(const std::string& name) {
  auto worker = std::make_unique<Running>(
      std::vector<std::string>{"stereofarm-worker", "--farm", address(), "--scratch",
                               (folder_ / "scratch" / name).string(), "--device", "cpu"});
  ASSERT_TRUE(WaitUntil([&] { return worker->out().ends_with("\n"); })) << worker->err();
  workers_[name] = std::move(worker);
}

void HandFarm::KillCoordinator() {
  coordinator_->process().Kill(SIGKILL);
  coordinator_->Wait();
}

void HandFarm::KillWorker(const std::string& name) {
  worker(name).process().Kill(SIGKILL);
  worker(name).Wait();
  workers_.erase(name);
}

Ended HandFarm::Ask(std::vector<std::string> words) {
  words.insert(words.end(), {"--farm", address()});
  return Stereofarm(std::move(words));
}

std::string HandFarm::Submit(const std::string& out, const std::vector<std::string>& options) {
  std::vector<std::string> words = {"submit", SmallFilm().string(), (films() / out).string()};
  words.insert(words.end(), options.begin(), options.end());
  const Ended ended = Ask(words);
  EXPECT_EQ(ended.code, 0) << ended.err;
  const std::vector<std::string> lines = ended.OutLines();
  return lines.empty() ? "" : lines.back();
}

nlohmann::json HandFarm::Status(const std::string& job) {
  const Ended ended = Ask({"status", job, "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  return ended.LastJson();
}

}  // namespace stereofarm
