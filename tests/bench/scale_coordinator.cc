#include "tests/bench/scale_coordinator.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/service/farm_server.h"
#include "coordinator/store/farm_store.h"
#include "tests/unit/coordinator/fake_films.h"

namespace stereofarm {
namespace fs = std::filesystem;

void ServeFarm(const std::string& root, int64_t frames) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  SetMinimumLogLevel(LogLevel::kError);
  FakeFilms films;
  films.SetFilm(frames, "film");
  StoreFiles files(fs::path(root) / "store");
  auto store = FarmStore::Open(fs::path(root) / "farm.db");
  SF_CHECK(store.ok());
  auto background = std::make_unique<BackgroundThreads>(3);
  EngineOptions options;
  options.store = fs::path(root) / "store";
  options.allowed = {root};
  JobEngine engine(options,
                   {store->get(), &files, &films, background.get(), RealClock(), SystemRandom()});
  SF_CHECK(engine.Start().ok());
  auto server = FarmServer::Start(&engine, *ParseListenAddress("127.0.0.1:0", false));
  SF_CHECK(server.ok());
  printf("%s\n", (*server)->address().c_str());
  fflush(stdout);
  const timespec pause = {1, 0};
  while (sigtimedwait(&signals, nullptr, &pause) < 0) engine.Tick();
  // Removing the files of a finished film isn't waited for.
  _exit(0);
}

CoordinatorProcess StartCoordinator(const std::string& root, int64_t frames) {
  const std::string self = fs::read_symlink("/proc/self/exe").string();
  const std::string count = std::to_string(frames);
  int address_pipe[2];
  SF_CHECK(pipe(address_pipe) == 0);
  CoordinatorProcess process;
  process.pid = fork();
  SF_CHECK(process.pid >= 0);
  if (process.pid == 0) {
    dup2(address_pipe[1], STDOUT_FILENO);
    execl(self.c_str(), self.c_str(), "--serve", root.c_str(), "--frames", count.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  close(address_pipe[1]);
  for (char c = 0; read(address_pipe[0], &c, 1) == 1 && c != '\n';) process.address += c;
  SF_CHECK(!process.address.empty());
  return process;
}

}  // namespace stereofarm
