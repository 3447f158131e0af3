#include "worker/device/child_workers.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "common/base/log.h"

namespace stereofarm {
namespace {

// The program's arguments without its own `--device`.
std::vector<std::string> OtherArguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--device") {
      ++i;
    } else if (!argument.starts_with("--device=")) {
      arguments.push_back(argument);
    }
  }
  return arguments;
}

// Only what is allowed between fork and exec happens in the child.
pid_t Start(std::vector<std::string> arguments, const sigset_t& signals) {
  std::vector<char*> argv = {const_cast<char*>("/proc/self/exe")};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  execv("/proc/self/exe", argv.data());
  _exit(127);
}

}  // namespace

int RunChildWorkers(int argc, char** argv, const std::vector<std::string>& devices,
                    const sigset_t& signals) {
  sigset_t watched = signals;
  sigaddset(&watched, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &watched, nullptr);
  std::vector<pid_t> children;
  for (const std::string& device : devices) {
    std::vector<std::string> arguments = OtherArguments(argc, argv);
    arguments.insert(arguments.end(), {"--device", device});
    const pid_t child = Start(std::move(arguments), watched);
    if (child < 0) {
      SF_LOG(kError) << "cannot start a worker for " << device;
      continue;
    }
    children.push_back(child);
  }
  int worst = children.size() == devices.size() ? 0 : 1;
  while (!children.empty()) {
    int number = 0;
    sigwait(&watched, &number);
    if (number != SIGCHLD) {
      for (pid_t child : children) kill(child, number);
      continue;
    }
    int status = 0;
    for (pid_t ended = waitpid(-1, &status, WNOHANG); ended > 0;
         ended = waitpid(-1, &status, WNOHANG)) {
      std::erase(children, ended);
      worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
  }
  return worst;
}

}  // namespace stereofarm
