#include "common/base/subprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "common/base/file_system.h"
#include "gtest/gtest.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

constexpr int64_t kSecond = 1'000'000;

Subprocess Shell(const std::string& script, const SpawnOptions& options = {}) {
  auto child = Subprocess::Spawn({"/bin/sh", "-c", script}, options);
  EXPECT_TRUE(child.ok()) << child.status();
  return *std::move(child);
}

TEST(SubprocessTest, TellsHowAProcessEnded) {
  EXPECT_TRUE(Shell("exit 0").Wait().ok());
  const ExitStatus three = Shell("exit 3").Wait();
  EXPECT_EQ(three.code, 3);
  EXPECT_EQ(three.Text(), "exited with status 3");
  const ExitStatus killed = Shell("kill -9 $$").Wait();
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_EQ(killed.code, 137);
}

TEST(SubprocessTest, AProgramThatIsNotThereIsAnErrorOfSpawn) {
  EXPECT_EQ(Subprocess::Spawn({"/nonexistent/program"}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Subprocess::Spawn({"/etc/passwd"}).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(SubprocessTest, BothOutputsAreAppendedToFiles) {
  const TempFolder folder;
  SpawnOptions options;
  options.stdout_file = options.stderr_file = folder.path() / "log";
  EXPECT_TRUE(Shell("echo one; echo two >&2", options).Wait().ok());
  EXPECT_TRUE(Shell("echo three", options).Wait().ok());
  EXPECT_EQ(*ReadFile(folder.path() / "log"), "one\ntwo\nthree\n");
}

TEST(SubprocessTest, TheChildHasNoneOfTheParentsFiles) {
  const int fd = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(fd, 3);
  EXPECT_FALSE(Shell("[ -e /proc/self/fd/" + std::to_string(fd) + " ]").Wait().ok());
  close(fd);
}

TEST(SubprocessTest, WaitForEndsWithTheProcessOrTheTime) {
  Subprocess child = Shell("exec cat /dev/zero >/dev/null");
  EXPECT_FALSE(child.WaitFor(kSecond / 50).has_value());
  child.Kill(SIGTERM);
  const auto ended = child.WaitFor(20 * kSecond);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->signal, SIGTERM);
}

TEST(SubprocessTest, StopKillsWhatDoesNotListen) {
  const TempFolder folder;
  const std::string ready = (folder.path() / "ready").string();
  ASSERT_EQ(mkfifo(ready.c_str(), 0600), 0);
  Subprocess child = Shell("trap '' TERM; echo > " + ready + "; while :; do :; done");
  ASSERT_TRUE(ReadFile(ready).ok());  // Ends when the shell has set its trap.
  EXPECT_EQ(child.Stop(kSecond / 20).signal, SIGKILL);
}

TEST(SubprocessTest, AChildDoesNotOutliveItsObject) {
  pid_t pid = 0;
  {
    const Subprocess child = Shell("while :; do :; done");
    pid = child.pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_NE(kill(pid, 0), 0);
}

TEST(SubprocessTest, AChildThatDiesWithItsParentIsKilledWithIt) {
  // The grandchild holds the pipe's end open for as long as it lives.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    SpawnOptions options;
    options.dies_with_parent = true;
    options.own_group = true;
    options.stdout_file = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(ends[1]);
    auto child = Subprocess::Spawn({"/bin/sh", "-c", "echo up; while :; do :; done"}, options);
    raise(SIGSTOP);
    _exit(1);
  }
  close(ends[1]);
  char text[4] = {};
  ASSERT_EQ(read(ends[0], text, 3), 3);
  kill(parent, SIGKILL);
  EXPECT_EQ(read(ends[0], text, 1), 0);  // Nobody is left to write.
  close(ends[0]);
}

}  // namespace
}  // namespace stereofarm
