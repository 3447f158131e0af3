// stereofarm-coordinator: opens the farm's database, serves workers and people, ends on SIGTERM.
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "common/base/byte_size.h"
#include "common/base/clock.h"
#include "common/base/duration.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "coordinator/admin/backup_command.h"
#include "coordinator/admin/disk_reserve.h"
#include "coordinator/admin/doctor.h"
#include "coordinator/admin/doctor_command.h"
#include "coordinator/admin/root_lock.h"
#include "coordinator/assembly/film_files.h"
#include "coordinator/certs/certificate_folder.h"
#include "coordinator/certs/certs_command.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/scheduling/disk_guard.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/service/audit_log.h"
#include "coordinator/service/farm_server.h"
#include "coordinator/service/listen_address.h"
#include "coordinator/store/damage.h"
#include "coordinator/store/farm_store.h"
#include "models/registry/model_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

enum ExitCode { kDone = 0, kUsage = 2, kBadInput = 3, kCannotServe = 5 };

constexpr int kBackgroundThreads = 3;
constexpr int64_t kLockPatienceMicros = 5'000'000;
constexpr int64_t kStopPatienceMicros = 900'000;

constexpr char kAuditFile[] = "audit.log";

struct Arguments {
  std::string root;
  std::string store;
  std::string listen;
  std::vector<std::string> allow;
  std::string tls;
  bool insecure = false;
  std::string lease = "30s";
  std::string grace = "60s";
  std::string min_free;
  std::string models;
  bool is_private = false;
  std::string only_output;
};

int Report(ExitCode code, const absl::Status& status) {
  fprintf(stderr, "stereofarm-coordinator: %s\n", std::string(status.message()).c_str());
  return code;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Takes a step of the start. Where a disk is full, the reserve goes for it; then, if it `may_wait`,
// the step is tried again until there's room. Cancelled: somebody asked the process to stop
// meanwhile.
absl::Status TakeStep(const std::function<absl::Status()>& step, DiskReserve* reserve,
                      bool may_wait) {
  absl::Status status = step();
  if (!absl::IsResourceExhausted(status)) return status;
  reserve->GiveUp();
  status = step();
  if (!absl::IsResourceExhausted(status) || !may_wait) return status;
  SF_LOG(kWarning) << status.message() << "; make room, and the coordinator starts by itself";
  const sigset_t signals = StopSignals();
  const timespec pause = {0, 500'000'000};
  while (absl::IsResourceExhausted(status)) {
    if (sigtimedwait(&signals, nullptr, &pause) >= 0) return absl::CancelledError("stopped");
    status = step();
  }
  return status;
}

// Lets time pass for the engine until somebody asks the process to stop.
void RunUntilStopped(JobEngine* engine, DiskReserve* reserve) {
  const sigset_t signals = StopSignals();
  const int64_t step = std::clamp<int64_t>(engine->options().lease_micros / 10, 20'000, 1'000'000);
  const timespec pause = {step / 1'000'000, (step % 1'000'000) * 1000};
  while (sigtimedwait(&signals, nullptr, &pause) < 0) {
    engine->Tick();
    reserve->Fill();
  }
}

// The state on disk is sound at any instruction, so work that can't be interrupted isn't waited
// for.
void EndSoonWhateverHappens() {
  std::thread([] {
    usleep(kStopPatienceMicros);
    SF_LOG(kInfo) << "stopping in the middle of some work; it will be done again";
    _exit(kDone);
  }).detach();
}

int Serve(const Arguments& arguments) {
  EngineOptions options;
  options.is_private = arguments.is_private;
  options.only_output = arguments.only_output;
  for (const auto& [text, option, micros] :
       {std::tuple(&arguments.lease, "--lease: ", &options.lease_micros),
        std::tuple(&arguments.grace, "--grace: ", &options.grace_micros)}) {
    const absl::StatusOr<int64_t> duration = ParseDuration(*text);
    if (!duration.ok()) {
      return Report(kUsage,
                    absl::InvalidArgumentError(option + std::string(duration.status().message())));
    }
    *micros = *duration;
  }
  std::optional<int64_t> min_free;
  if (!arguments.min_free.empty()) {
    const absl::StatusOr<int64_t> bytes = ParseBytes(arguments.min_free);
    if (!bytes.ok()) return Report(kUsage, Annotate(bytes.status(), "--min-free"));
    min_free = *bytes;
  }
  const absl::StatusOr<ListenAddress> listen =
      ParseListenAddress(arguments.listen, arguments.insecure, !arguments.tls.empty());
  if (!listen.ok()) return Report(kUsage, listen.status());
  std::optional<CertificateFolder> certificates;
  if (!arguments.tls.empty()) {
    certificates.emplace(fs::absolute(arguments.tls), RealClock(), SystemRandom());
    if (absl::Status fit = certificates->ForServing().status(); !fit.ok()) {
      return Report(kUsage, fit);
    }
  }

  const absl::StatusOr<fs::path> models = FindModelFolder(arguments.models);
  if (models.ok()) {
    options.models = fs::absolute(*models).lexically_normal();
  } else if (!arguments.models.empty()) {
    return Report(kUsage, Annotate(models.status(), "--models"));
  }

  const fs::path root = fs::absolute(arguments.root).lexically_normal();
  options.store =
      arguments.store.empty() ? root / "store" : fs::absolute(arguments.store).lexically_normal();
  options.allowed = {root};
  for (const std::string& folder : arguments.allow) options.allowed.push_back(fs::absolute(folder));
  for (const char* own :
       {"farm.db", "farm.db-wal", "farm.db-shm", "farm.lock", DiskReserve::kFile}) {
    options.kept.push_back(root / own);
  }
  for (const fs::path& file : AuditLog::FilesOf(root / kAuditFile)) options.kept.push_back(file);
  if (!arguments.tls.empty()) options.kept.push_back(fs::absolute(arguments.tls));
  for (const fs::path& folder : {root, options.store}) {
    if (absl::Status status = MakeDirectories(folder); !status.ok()) {
      return Report(kBadInput, status);
    }
  }
  const absl::Status not_lost = CheckNotLost(root, options.store);
  RootLock lock(RealClock());
  if (absl::Status status = lock.Take(root, kLockPatienceMicros); !status.ok()) {
    return Report(kCannotServe, status);
  }
  if (!not_lost.ok()) return Report(kBadInput, not_lost);
  DiskReserve reserve(root);
  std::error_code error;
  // Who starts a new farm, or runs one film, hears at once that there's no room.
  const bool may_wait = !arguments.is_private && fs::exists(root / kDatabaseFile, error);
  std::unique_ptr<FarmStore> store;
  const auto open_store = [&]() -> absl::Status {
    SF_ASSIGN_OR_RETURN(store, FarmStore::Open(root / kDatabaseFile));
    return absl::OkStatus();
  };
  if (absl::Status status = TakeStep(open_store, &reserve, may_wait); !status.ok()) {
    return absl::IsCancelled(status) ? kDone : Report(kBadInput, status);
  }

  FarmDoor door;
  if (certificates) door.certificates = &*certificates;
  std::unique_ptr<AuditLog> audit;
  if (!options.is_private) {
    absl::StatusOr<std::unique_ptr<AuditLog>> opened =
        AuditLog::Open(root / kAuditFile, RealClock());
    if (!opened.ok()) return Report(kBadInput, opened.status());
    audit = *std::move(opened);
    door.audit = audit.get();
  }
  StoreFiles files(options.store);
  options.store_marker = SystemRandom()->Hex(32);
  FilmFiles films;
  auto background = std::make_unique<BackgroundThreads>(kBackgroundThreads);
  DiskGuard disks({root, options.store}, min_free);
  JobEngine engine(options, {store.get(), &files, &films, background.get(), RealClock(),
                             SystemRandom(), &disks});
  const auto start = [&engine] { return engine.Start(); };
  if (absl::Status status = TakeStep(start, &reserve, may_wait); !status.ok()) {
    engine.Stop();
    background.reset();
    return absl::IsCancelled(status) ? kDone : Report(kBadInput, status);
  }
  absl::StatusOr<std::unique_ptr<FarmServer>> server = FarmServer::Start(&engine, *listen, door);
  if (!server.ok()) {
    engine.Stop();
    background.reset();
    return Report(kCannotServe, server.status());
  }
  printf("serving %s\n", (*server)->address().c_str());
  fflush(stdout);
  SF_LOG(kInfo) << "serving " << (*server)->address() << ", store " << options.store.string();

  RunUntilStopped(&engine, &reserve);
  SF_LOG(kInfo) << "stopping";
  EndSoonWhateverHappens();
  engine.Stop();
  (*server)->Stop();
  background.reset();
  if (absl::Status status = store->Checkpoint(); !status.ok()) {
    SF_LOG(kWarning) << "cannot empty the database's log: " << status.message();
  }
  return kDone;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "certs") {
    return stereofarm::RunCertsCommand(argc - 1, argv + 1, stereofarm::RealClock(),
                                       stereofarm::SystemRandom());
  }
  if (command == "backup") return stereofarm::RunBackupCommand(argc - 1, argv + 1);
  if (command == "doctor") return stereofarm::RunDoctorCommand(argc - 1, argv + 1);
  stereofarm::Arguments arguments;
  CLI::App program(
      "The head of a stereofarm: plans films, hands tasks to workers, puts films together");
  program.set_version_flag("--version", STEREOFARM_VERSION);
  program.footer(
      "stereofarm-coordinator certs --help: let people and machines in, with --tls\n"
      "stereofarm-coordinator backup --help: copy the farm's database\n"
      "stereofarm-coordinator doctor --help: look for damage, and mend it");
  program.add_option("--root", arguments.root, "The coordinator's own folder")
      ->required()
      ->type_name("DIR");
  program.add_option("--store", arguments.store, "Folder of the intermediate files; ROOT/store")
      ->type_name("DIR");
  program.add_option("--listen", arguments.listen, "Where to serve")
      ->required()
      ->type_name("unix:PATH|HOST:PORT");
  program
      .add_option("--allow", arguments.allow,
                  "Folder that films may be read from and written to; may be given again")
      ->type_name("DIR")
      ->allow_extra_args(false);
  CLI::Option* tls =
      program
          .add_option("--tls", arguments.tls,
                      "Folder of `certs init`: only callers with certificate and token get in")
          ->type_name("DIR");
  program
      .add_flag("--insecure", arguments.insecure,
                "Listen where other machines can reach it, without any check of who calls")
      ->excludes(tls);
  program.add_option("--lease", arguments.lease, "How long a silent worker keeps its task")
      ->capture_default_str()
      ->type_name("TIME");
  program
      .add_option("--grace", arguments.grace,
                  "How long workers may take to come back after a restart; at least a lease")
      ->capture_default_str()
      ->type_name("TIME");
  program
      .add_option("--min-free", arguments.min_free,
                  "No task is handed out while less is free on the disks of\n"
                  "root and store; the smaller of 2.1G and 2 % of the disk")
      ->type_name("BYTES");
  program
      .add_option("--models", arguments.models,
                  "Folder of `stereofarm models`; else $STEREOFARM_MODELS,\n"
                  "else stereofarm/models in ~/.local/share")
      ->type_name("DIR");
  program
      .add_flag("--private", arguments.is_private,
                "Belongs to one `stereofarm convert`: its workers died with the last one")
      ->group("");
  program
      .add_option("--only", arguments.only_output, "The film that this `stereofarm convert` makes")
      ->group("");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? stereofarm::kDone : stereofarm::kUsage;
  }
  // Calls come on many short-lived threads: with an arena for each, what one freed would never
  // serve another, and the process would grow with every segment that it opens.
  mallopt(M_ARENA_MAX, 2);
  // Debian's library looks for cycles at every lock; the thread sanitizer does that for us.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // Before any thread is there, so that all of them leave the signals to RunUntilStopped.
  const sigset_t signals = stereofarm::StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return stereofarm::Serve(arguments);
}
