#include "tests/e2e/remote_worker.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace stereofarm {

namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

}  // namespace

bool MayBecomeAnotherUser() {
  return geteuid() == 0 && RunProgram({"setpriv", "--version"}, 20).code == 0;
}

RemoteWorker::RemoteWorker(const std::string& address, const fs::path& scratch)
    : scratch_(scratch.empty() ? folder_ / "scratch" : scratch) {
  EXPECT_EQ(chown(folder_.path().c_str(), kNobody, kNobody), 0);
  const fs::path program = fs::path(STEREOFARM_BIN_DIR) / "stereofarm-worker";
  running_ = std::make_unique<Running>(std::vector<std::string>{
      "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", program.string(), "--farm",
      address, "--scratch", scratch_.string(), "--device", "cpu"});
  EXPECT_TRUE(WaitUntil([&] { return running_->out().ends_with("\n"); })) << running_->err();
}

}  // namespace stereofarm
