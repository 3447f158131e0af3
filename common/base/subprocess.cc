#include "common/base/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/log.h"

namespace stereofarm {
namespace {

// Everything that the child needs between fork and exec, where nothing may allocate.
struct ChildPlan {
  std::vector<char*> argv;
  const char* stdout_file = nullptr;
  const char* stderr_file = nullptr;
  bool dies_with_parent = false;
  bool own_group = false;
  pid_t parent = 0;
  int error_pipe = -1;
};

bool Redirect(const char* file, int flags, int target) {
  const int fd = open(file, flags, 0644);
  if (fd < 0) return false;
  if (fd == target) return true;
  const bool done = dup2(fd, target) >= 0;
  close(fd);
  return done;
}

// Runs in the child; only async-signal-safe calls. Returns where something failed, errno set.
void BecomeProgram(const ChildPlan& plan) {
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return;
  signal(SIGPIPE, SIG_DFL);
  if (plan.own_group && setpgid(0, 0) != 0) return;
  if (plan.dies_with_parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return;
    if (getppid() != plan.parent) _exit(127);  // The parent ended before prctl did its work.
  }
  const int append = O_WRONLY | O_CREAT | O_APPEND;
  if (!Redirect("/dev/null", O_RDONLY, STDIN_FILENO)) return;
  if (plan.stdout_file != nullptr && !Redirect(plan.stdout_file, append, STDOUT_FILENO)) return;
  if (plan.stderr_file != nullptr && !Redirect(plan.stderr_file, append, STDERR_FILENO)) return;
  // The error pipe closes with exec, too: that's how the parent knows that all went well.
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return;
  execvp(plan.argv[0], plan.argv.data());
}

ExitStatus FromWait(int status) {
  if (WIFSIGNALED(status)) return {128 + WTERMSIG(status), WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

}  // namespace

std::string ExitStatus::Text() const {
  if (signal == 0) return absl::StrFormat("exited with status %d", code);
  return absl::StrFormat("was killed by signal %d (%s)", signal, strsignal(signal));
}

absl::StatusOr<Subprocess> Subprocess::Spawn(const std::vector<std::string>& args,
                                             const SpawnOptions& options) {
  SF_CHECK(!args.empty());
  ChildPlan plan;
  for (const std::string& arg : args) plan.argv.push_back(const_cast<char*>(arg.c_str()));
  plan.argv.push_back(nullptr);
  if (!options.stdout_file.empty()) plan.stdout_file = options.stdout_file.c_str();
  if (!options.stderr_file.empty()) plan.stderr_file = options.stderr_file.c_str();
  plan.dies_with_parent = options.dies_with_parent;
  plan.own_group = options.own_group;
  plan.parent = getpid();
  int error_pipe[2];
  if (pipe2(error_pipe, O_CLOEXEC) != 0) return ErrnoStatus(errno, "cannot make a pipe");
  plan.error_pipe = error_pipe[1];

  const pid_t pid = fork();
  if (pid < 0) {
    const absl::Status status = ErrnoStatus(errno, "cannot start " + args[0]);
    close(error_pipe[0]);
    close(error_pipe[1]);
    return status;
  }
  if (pid == 0) {
    BecomeProgram(plan);
    const int error = errno;
    [[maybe_unused]] const ssize_t written = write(plan.error_pipe, &error, sizeof(error));
    _exit(127);
  }
  close(error_pipe[1]);
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(error_pipe[0], &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  close(error_pipe[0]);
  Subprocess child(pid);
  if (got == sizeof(error)) {
    child.Wait();
    return ErrnoStatus(error, "cannot run " + args[0]);
  }
  return child;
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), ended_(std::move(other.ended_)) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ended_, other.ended_);
  return *this;
}

Subprocess::~Subprocess() {
  if (pid_ < 0 || ended_) return;
  Kill(SIGKILL);
  Wait();
}

std::optional<ExitStatus> Subprocess::Poll() {
  if (ended_) return ended_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) ended_ = FromWait(status);
  return ended_;
}

ExitStatus Subprocess::Wait() {
  if (ended_) return *ended_;
  int status = 0;
  pid_t got = 0;
  do {
    got = waitpid(pid_, &status, 0);
  } while (got < 0 && errno == EINTR);
  SF_CHECK(got == pid_);
  ended_ = FromWait(status);
  return *ended_;
}

std::optional<ExitStatus> Subprocess::WaitFor(int64_t micros) {
  if (Poll()) return ended_;
  const int64_t deadline = RealClock()->MonotonicMicros() + micros;
  // By number: glibc 2.36 declares pidfd_open without C linkage.
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  while (!Poll()) {
    const int64_t left = deadline - RealClock()->MonotonicMicros();
    if (left <= 0) break;
    // Without a pidfd (a kernel before 5.3) the process is looked at every 10 ms.
    const int64_t wait = fd >= 0 ? left : std::min<int64_t>(left, 10000);
    pollfd event{fd, POLLIN, 0};
    poll(&event, 1, static_cast<int>(wait / 1000 + 1));
  }
  if (fd >= 0) close(fd);
  return ended_;
}

void Subprocess::Kill(int signal) {
  if (!Poll()) kill(pid_, signal);
}

ExitStatus Subprocess::Stop(int64_t grace_micros) {
  Kill(SIGTERM);
  if (WaitFor(grace_micros)) return *ended_;
  Kill(SIGKILL);
  return Wait();
}

}  // namespace stereofarm
