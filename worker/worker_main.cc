// The program `stereofarm-worker`: one device's share of a farm.
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/image/image_memory.h"
#include "common/media/library_versions.h"
#include "models/depth/create.h"
#include "models/depth/library_versions.h"
#include "models/depth/stabilised_estimator.h"
#include "models/inpaint/create.h"
#include "models/registry/model_folder.h"
#include "models/stereo/splatter.h"
#include "worker/agent/agent.h"
#include "worker/agent/grpc_farm_client.h"
#include "worker/agent/grpc_farm_files.h"
#include "worker/device/child_workers.h"
#include "worker/device/cuda_devices.h"
#include "worker/device/numeric_class.h"
#include "worker/device/stop_signals.h"
#include "worker/stages/run_task.h"
#include "worker/transfer/path_map.h"
#include "worker/transfer/scratch_folder.h"
#include "worker/transfer/task_files.h"

namespace stereofarm {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitUsage = 2;
constexpr int kExitFarm = 5;

struct Flags {
  std::string farm;
  std::string tls;
  std::string scratch;
  std::string models;
  std::string device = "cpu";
  std::vector<std::string> tags;
  std::vector<std::string> path_map;
  uint64_t scratch_bytes = uint64_t{20} << 30;
  double exit_when_idle_seconds = 0;
};

int Fail(int code, const std::string& message) {
  fprintf(stderr, "stereofarm-worker: %s\n", message.c_str());
  return code;
}

// Images keep their own memory (common/image/image_memory.h). What encoders and decoders take in
// large pieces goes back to the kernel when a task ends, and the stages' threads share two arenas,
// so that a worker is as small after a thousand tasks as after the first.
void TuneAllocator() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

std::string HostAndProcess() {
  char host[256] = "host";
  gethostname(host, sizeof(host) - 1);
  return absl::StrFormat("%s:%d", host, getpid());
}

// Bytes of memory that tasks on this device share; 0 where that can't be told.
int64_t DeviceMemory(const std::string& device) {
  if (device == "cpu") return int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  const std::vector<CudaDevice> devices = CudaDevices();
  const size_t index = static_cast<size_t>(std::atoi(device.c_str() + device.find(':') + 1));
  return index < devices.size() ? devices[index].memory_bytes : 0;
}

int RunWorker(const Flags& flags, const sigset_t& signals) {
  const absl::StatusOr<std::string> numeric_class =
      NumericClass(flags.device, ModelLibraryVersions() + "/" + MediaLibraryVersions() +
                                     "/stereofarm" STEREOFARM_VERSION);
  if (!numeric_class.ok()) return Fail(kExitUsage, std::string(numeric_class.status().message()));

  AgentOptions options;
  options.info = {SystemRandom()->Hex(16),
                  HostAndProcess(),
                  flags.device,
                  *numeric_class,
                  STEREOFARM_VERSION,
                  flags.tags,
                  DeviceMemory(flags.device)};
  options.exit_when_idle_micros = static_cast<int64_t>(flags.exit_when_idle_seconds * 1e6);
  options.on_idle = DropKeptImageMemory;

  ModelFactories factories;
  factories.depth = [device = flags.device](const std::string& name) {
    return CreateDepthEstimator(name, device);
  };
  factories.stabilise = Stabilised;
  factories.splat = [device = flags.device] { return CreateSplatter(device); };
  factories.inpaint = CreateInpainter;
  StageRunner runner(std::move(factories), *numeric_class, STEREOFARM_VERSION);
  const auto make = [&runner](const TaskLease& lease, const TaskPlace& place,
                              TaskProgress* progress) {
    absl::StatusOr<Manifest> result = runner.Run(lease, place, progress);
    // One that ran out of memory begins its next attempt with all there is.
    if (!result.ok()) DropKeptImageMemory();
    malloc_trim(0);
    return result;
  };

  const absl::StatusOr<FarmPlace> place = PlaceOfFarm(flags.farm, flags.tls, RealClock());
  if (!place.ok()) return Fail(kExitUsage, std::string(place.status().message()));
  const absl::StatusOr<PathMap> path_map = PathMap::Parse(flags.path_map);
  if (!path_map.ok()) return Fail(kExitUsage, std::string(path_map.status().message()));
  const auto scratch = ScratchFolder::Make(flags.scratch, SystemRandom());
  if (!scratch.ok()) {
    return Fail(kExitUsage, "--scratch: " + std::string(scratch.status().message()));
  }
  const std::unique_ptr<FarmFiles> farm_files = ConnectToFiles(*place, options.info.id);
  // Without a folder of its own, every file of weights comes from the coordinator.
  const auto models = FindModelFolder(flags.models);
  TaskFiles files(farm_files.get(), *path_map, (*scratch)->path(), ModelFolder(models.value_or("")),
                  static_cast<int64_t>(flags.scratch_bytes), SystemRandom(), make);

  const std::unique_ptr<FarmClient> farm = ConnectToFarm(*place);
  RealBell bell;
  Agent agent(
      options, farm.get(),
      [&files](const TaskLease& lease, const std::filesystem::path& store, TaskProgress* progress) {
        return files.Run(lease, store, progress);
      },
      [&files](const TaskLease& lease) { files.Drop(lease); }, RealClock(), SystemRandom(), &bell);
  const StopSignals stop_signals(
      signals, [&agent] { agent.StopAfterTask(); }, [&agent] { agent.Stop(); });
  const absl::Status ended = agent.Run([&] {
    printf("%s\n", flags.farm.c_str());
    fflush(stdout);
    SF_LOG(kInfo) << "joined " << flags.farm << " as " << options.info.name << ", "
                  << *numeric_class;
  });
  if (absl::IsDeadlineExceeded(ended)) {
    // A task that is in the middle of something long still uses all of the above.
    SF_LOG(kWarning) << ended.message() << ": handed back, leaving without it";
    _exit(kExitDone);
  }
  if (!ended.ok()) {
    return Fail(kExitFarm,
                absl::StrFormat("the farm at %s: %s", flags.farm, std::string(ended.message())));
  }
  return kExitDone;
}

// The devices that `--device` means.
std::vector<std::string> DevicesOf(const std::string& device) {
  if (device != "all") return {device};
  const int count = CudaDevices().empty() ? 0 : UsableCudaDevices();
  if (count == 0) return {"cpu"};
  std::vector<std::string> devices;
  for (int i = 0; i < count; ++i) devices.push_back(absl::StrFormat("cuda:%d", i));
  return devices;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App program("Takes tasks from a stereofarm coordinator and runs them on one device.",
                   "stereofarm-worker");
  program.set_version_flag("--version", "stereofarm-worker " STEREOFARM_VERSION);
  program.add_option("--farm", flags.farm, "the coordinator: unix:PATH or HOST:PORT")
      ->envname("STEREOFARM_ADDR")
      ->required();
  program.add_option("--tls", flags.tls,
                     "folder that lets this worker in, from stereofarm-coordinator certs issue");
  program.add_option("--scratch", flags.scratch, "folder for temporary files of this worker's own")
      ->required();
  program.add_option("--models", flags.models,
                     "folder of weights that this machine has; else what STEREOFARM_MODELS names, "
                     "else ~/.local/share/stereofarm/models; what isn't there comes over");
  program.add_option("--device", flags.device, "cpu, cuda:N, or all: one process for each")
      ->capture_default_str();
  program
      .add_option("--path-map", flags.path_map,
                  "A=B: what is the folder A for the coordinator is B here; may be given again")
      ->allow_extra_args(false);
  program
      .add_option("--scratch-limit", flags.scratch_bytes,
                  "how much of what came from the coordinator is kept in --scratch: 500M, 20G")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("20G");
  program.add_option("--tags", flags.tags, "names that tasks may ask for: A,B")->delimiter(',');
  program
      .add_option("--exit-when-idle", flags.exit_when_idle_seconds,
                  "leave after so long without a task: 10m, 90s")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, double>{{"s", 1.0}, {"m", 60.0}, {"h", 3600.0}}))
      ->check(CLI::NonNegativeNumber);
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return program.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return program.exit(version);
  } catch (const CLI::ParseError& error) {
    return Fail(kExitUsage,
                absl::StrFormat("%s; see stereofarm-worker --help", std::string(error.what())));
  }
  TuneAllocator();
  const sigset_t signals = BlockStopSignals();
  signal(SIGPIPE, SIG_IGN);
  if (absl::Status made = MakeDirectories(flags.scratch); !made.ok()) {
    return Fail(kExitUsage, "--scratch: " + std::string(made.message()));
  }
  setenv("TMPDIR", flags.scratch.c_str(), 1);
  const std::vector<std::string> devices = DevicesOf(flags.device);
  if (devices.size() == 1) {
    flags.device = devices[0];
    return RunWorker(flags, signals);
  }
  return RunChildWorkers(argc, argv, devices, signals);
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
