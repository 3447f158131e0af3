#include "tests/e2e/remote_worker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "gtest/gtest.h"

namespace stereofarm {

namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

std::vector<std::string> AsNobody(const std::vector<std::string>& words) {
  const fs::path program = fs::path(STEREOFARM_BIN_DIR) / "stereofarm-worker";
  std::vector<std::string> args = {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                                   program.string()};
  args.insert(args.end(), words.begin(), words.end());
  return args;
}

}  // namespace

bool MayBecomeAnotherUser() {
  if (geteuid() != 0 || RunProgram({"sh", "-c", "command -v setpriv"}, 60).code != 0) return false;
  // The build may lie where nobody else may go.
  return RunProgram(AsNobody({"--version"}), 60).code == 0;
}

RemoteWorker::RemoteWorker(const std::string& address, const fs::path& scratch)
    : scratch_(scratch.empty() ? folder_ / "scratch" : scratch) {
  EXPECT_EQ(chown(folder_.path().c_str(), kNobody, kNobody), 0);
  running_ = std::make_unique<Running>(
      AsNobody({"--farm", address, "--scratch", scratch_.string(), "--device", "cpu"}));
  EXPECT_TRUE(WaitUntil([&] { return running_->out().ends_with("\n"); })) << running_->err();
}

}  // namespace stereofarm
