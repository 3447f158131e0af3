// How many workers and tasks one coordinator can serve: this program is the workers, a second
// process of it the coordinator, real gRPC on loopback between them. Prints planning time, cycles
// of lease and report per second, lease latency, the coordinator's memory, CPU and database, and
// beside them two limits of the same machine: the same transactions without a farm, and empty
// calls.
//
// The coordinator's code is the farm's own, all of it but the film: that is a number of frames, and
// what workers make of it are small files with true manifests, made before the clock runs.
#include <signal.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "proto/conversions.h"
#include "proto/jobs.grpc.pb.h"
#include "tests/bench/load_worker.h"
#include "tests/bench/made_results.h"
#include "tests/bench/process_facts.h"
#include "tests/bench/scale_coordinator.h"
#include "tests/bench/scale_limits.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// Of one turn at full speed.
constexpr double kTurnSeconds = 4;
// Empty calls of each worker after a turn.
constexpr int kEmptyCalls = 10;
// After so long without a cycle a turn is over.
constexpr double kStillSeconds = 0.5;
constexpr int kRawCycles = 20'000;

// What every picture holds.
constexpr char kPictureFile[] = "picture.exr";
constexpr char kPicture[] = "a picture";

struct Options {
  int workers = 1000;
  int64_t frames = 172'800;
  int64_t shot_frames = 240;
  int shard_frames = 8;
  int overlap = 2;
  double idle_seconds = 20;
  double paced_seconds = 20;
  double think_seconds = 4;
  int threads = 2;
};

// The coordinator of one film, and its workers.
class Farm {
 public:
  explicit Farm(const Options& options) : options_(options), threads_(options.threads) {
    SF_CHECK(MakeDirectories(root_ / "store").ok());
    SF_CHECK(WriteFileAtomically(root_ / "in.mov", "a film").ok());
    SF_CHECK(WriteFileAtomically(root_ / kPictureFile, kPicture).ok());
    coordinator_ = StartCoordinator(root_.string(), options.frames);
    for (int64_t frame = options.shot_frames; frame < options.frames;
         frame += options.shot_frames) {
      film_.cuts.insert(frame);
    }
    film_.frames = options.frames;
    film_.settings.input = (root_ / "in.mov").string();
    film_.settings.outputs = {{Layout::kSbs, (root_ / "out.mkv").string()}};
    film_.settings.shard_frames = options.shard_frames;
    film_.settings.overlap = options.overlap;
    fake_ = std::make_unique<FakeWorker>("worker", "class", root_ / "store", film_.cuts);
    fake_->UsePicture(root_ / kPictureFile, kPicture);
    for (int i = 0; i < options.workers; ++i) {
      workers_.push_back(std::make_unique<LoadWorker>(absl::StrFormat("worker-%d", i),
                                                      coordinator_.address, fake_.get(),
                                                      root_ / "store", &made_, &threads_, &tally_));
      workers_.back()->Register();
    }
    printf("%d workers joined: coordinator %.0f MiB\n", options.workers,
           PeakMebibytes(coordinator_.pid));
  }
  ~Farm() { kill(coordinator_.pid, SIGTERM); }

  // Everybody waits for a task.
  void Idle() {
    for (auto& worker : workers_) worker->Begin(0);
    std::this_thread::sleep_for(std::chrono::seconds(2));
    const double cpu = CpuSeconds(coordinator_.pid);
    const double begin = Seconds();
    std::this_thread::sleep_for(std::chrono::duration<double>(options_.idle_seconds));
    printf("idle: %.2f %% of one core\n",
           100 * (CpuSeconds(coordinator_.pid) - cpu) / (Seconds() - begin));
    Rest();
  }

  void Submit() {
    made_.Make(*fake_, film_);
    jobs_ = v1::Jobs::NewStub(
        grpc::CreateChannel(coordinator_.address, grpc::InsecureChannelCredentials()));
    v1::SubmitRequest request;
    *request.mutable_settings() = ToProto(film_.settings);
    grpc::ClientContext context;
    v1::SubmitReply reply;
    const grpc::Status status = jobs_->Submit(&context, request, &reply);
    if (!status.ok()) fprintf(stderr, "%s\n", status.error_message().c_str());
    SF_CHECK(status.ok());
    job_ = reply.job();
    made_.MakeFolders(root_ / "store", job_);
  }

  v1::JobStatus JobStatus() {
    grpc::ClientContext context;
    v1::StatusRequest request;
    request.set_job(job_);
    v1::JobStatus status;
    SF_CHECK(jobs_->GetStatus(&context, request, &status).ok());
    return status;
  }

  // Every range is scanned and every shot is planned.
  bool IsPlanned() {
    const v1::JobStatus status = JobStatus();
    return std::any_of(status.stages().begin(), status.stages().end(), [](const auto& stage) {
      return stage.stage() == "scan" && stage.frames_total() > 0 &&
             stage.frames_done() >= stage.frames_total();
    });
  }

  // All workers at work, `think` seconds a task, until `over`, which is asked every so often.
  Stretch Work(double think, double every, const std::function<bool()>& over) {
    tally_.TakeLatencies();
    const int64_t before = tally_.cycles();
    const Spent spent_before = SpentSoFar(coordinator_.pid);
    const double begin = Seconds();
    for (auto& worker : workers_) worker->Begin(think);
    do {
      std::this_thread::sleep_for(std::chrono::duration<double>(every));
    } while (!over());
    // What follows the last cycle isn't theirs.
    const Stretch stretch{static_cast<double>(tally_.cycles() - before),
                          std::max(tally_.last_done() - begin, 1e-3),
                          SpentSoFar(coordinator_.pid) - spent_before, tally_.TakeLatencies()};
    Rest();
    return stretch;
  }

  // Since the last task was reported, in seconds.
  double StillFor() const { return Seconds() - tally_.last_done(); }

  Stretch CallNothing() { return stereofarm::CallNothing(workers_, kEmptyCalls, coordinator_.pid); }

  void PrintEnd() {
    const v1::JobStatus status = JobStatus();
    printf("the job of %lld frames is %s: %d tasks, %d shots\n",
           static_cast<long long>(options_.frames), status.state().c_str(), status.tasks().total(),
           status.shots_size());
    printf("coordinator: peak %.0f MiB, database %.1f MiB, write-ahead log %.1f MiB\n",
           PeakMebibytes(coordinator_.pid), Mebibytes(root_ / "farm.db"),
           Mebibytes(root_ / "farm.db-wal"));
  }

  const fs::path& root() const { return root_; }

 private:
  void Rest() {
    for (auto& worker : workers_) worker->End();
    const auto rests = [](const auto& worker) { return worker->idle(); };
    while (!std::all_of(workers_.begin(), workers_.end(), rests)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const Options options_;
  const TempFolder folder_;
  const fs::path root_ = folder_.path();
  MadeResults made_{root_ / "made"};
  MadeFilm film_;
  std::unique_ptr<FakeWorker> fake_;
  Tally tally_;
  CoordinatorProcess coordinator_;
  std::vector<std::unique_ptr<LoadWorker>> workers_;
  WorkThreads threads_;  // ends before the workers go that it works for
  std::unique_ptr<v1::Jobs::Stub> jobs_;
  std::string job_;
};

void Print(const char* what, const Stretch& s) {
  printf(
      "%s: %.0f cycles in %.1f s, %.0f cycles/s; wait for a task median %.1f ms, 99th "
      "percentile %.1f ms; coordinator %.0f %% of one core, %.0f us a cycle, workers %.0f us\n",
      what, s.count, s.seconds, s.count / s.seconds, 1e3 * Percentile(s.latencies, 0.5),
      1e3 * Percentile(s.latencies, 0.99), 100 * s.spent.coordinator / s.seconds,
      1e6 * s.spent.coordinator / std::max(1.0, s.count),
      1e6 * s.spent.workers / std::max(1.0, s.count));
  fflush(stdout);
}

void Measure(const Options& options) {
  SetMinimumLogLevel(LogLevel::kError);
  Farm farm(options);
  farm.Idle();
  Stretch empty_calls = farm.CallNothing();
  const double raw_rate = RawCyclesPerSecond(farm.root(), kRawCycles);

  farm.Submit();
  Print("scan and plan", farm.Work(0, 0.1, [&] { return farm.IsPlanned(); }));
  // Every worker takes some seconds for a task, as real ones do.
  const double paced_end = Seconds() + options.paced_seconds;
  Print("paced", farm.Work(options.think_seconds, 0.01, [&] { return Seconds() >= paced_end; }));
  // By turns with the empty calls, so that both see the same machine.
  Stretch full_speed;
  do {
    const double end = Seconds() + kTurnSeconds;
    full_speed.Add(farm.Work(0, 0.01, [&] {
      return Seconds() >= end ||
             (Seconds() >= end - kTurnSeconds + kStillSeconds && farm.StillFor() >= kStillSeconds);
    }));
    empty_calls.Add(farm.CallNothing());
  } while (farm.JobStatus().state() == "running");
  Print("full speed", full_speed);
  farm.PrintEnd();
  const double rate = full_speed.count / full_speed.seconds;
  const double empty_rate = empty_calls.count / empty_calls.seconds;
  printf(
      "limits: %.0f empty calls/s, that is %.0f cycles/s (of two calls: coordinator %.0f us, "
      "workers %.0f us); %.0f cycles/s of bare transactions\n",
      empty_rate, empty_rate / 2, 2e6 * empty_calls.spent.coordinator / empty_calls.count,
      2e6 * empty_calls.spent.workers / empty_calls.count, raw_rate);
  const double limit = std::min(empty_rate / 2, raw_rate);
  printf("%.0f cycles/s are %.2f of the lower limit\n", rate, rate / limit);
}

int Main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  Options options;
  std::string serve;
  CLI::App program("Many workers and tasks on one coordinator.");
  program.add_option("--serve", serve)->group("");
  program.add_option("--workers", options.workers, "Connected workers")->capture_default_str();
  program.add_option("--frames", options.frames, "Frames of the film")->capture_default_str();
  program.add_option("--shot-frames", options.shot_frames, "Frames of a shot")
      ->capture_default_str();
  program.add_option("--shard-frames", options.shard_frames)->capture_default_str();
  program.add_option("--overlap", options.overlap)->capture_default_str();
  program.add_option("--idle", options.idle_seconds, "Seconds of idling")->capture_default_str();
  program.add_option("--paced", options.paced_seconds, "Seconds at a real farm's pace")
      ->capture_default_str();
  program.add_option("--think", options.think_seconds, "Seconds for a task at that pace")
      ->capture_default_str();
  CLI11_PARSE(program, argc, argv);
  if (!serve.empty()) ServeFarm(serve, options.frames);
  Measure(options);
  return 0;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
