// How many workers and tasks one coordinator can serve: this program is the workers, a second
// process of it the coordinator, real gRPC on loopback between them. Prints planning time, cycles
// of lease and report per second, lease latency, the coordinator's memory, CPU and database, and
// beside them two limits of the same machine: the same transactions without a farm, and empty
// calls.
//
// The coordinator's code is the farm's own, all of it but the film: that is a number of frames, and
// what workers make of it are small files with true manifests (tests/support).
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/service/farm_server.h"
#include "coordinator/store/farm_store.h"
#include "grpcpp/channel.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "proto/conversions.h"
#include "proto/farm.grpc.pb.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/coordinator/fake_films.h"
#include "tests/unit/coordinator/fake_worker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// Of one turn at full speed.
constexpr double kTurnSeconds = 4;

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
  int file_threads = 2;
};

double Seconds() { return static_cast<double>(RealClock()->MonotonicMicros()) * 1e-6; }

// ---- the coordinator ---------------------------------------------------------------------------

int Serve(const std::string& root, const Options& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  SetMinimumLogLevel(LogLevel::kError);
  FakeFilms films;
  films.SetFilm(options.frames, "film");
  StoreFiles files(fs::path(root) / "store");
  auto store = FarmStore::Open(fs::path(root) / "farm.db");
  SF_CHECK(store.ok());
  auto background = std::make_unique<BackgroundThreads>(3);
  EngineOptions engine_options;
  engine_options.store = fs::path(root) / "store";
  engine_options.allowed = {root};
  JobEngine engine(engine_options,
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

// ---- what the kernel says of a process ---------------------------------------------------------

double CpuSeconds(pid_t pid) {
  std::ifstream file(absl::StrFormat("/proc/%d/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // The name in brackets may hold anything; user and system time are the 12th and 13th after it.
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double PeakMebibytes(pid_t pid) {
  std::ifstream file(absl::StrFormat("/proc/%d/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

double Mebibytes(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : static_cast<double>(size) / (1 << 20);
}

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// ---- the workers -------------------------------------------------------------------------------

// Threads that make the tasks' files, so that no call-back waits for a disk.
class FileThreads {
 public:
  explicit FileThreads(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
  }
  ~FileThreads() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  // `at`: not before, in Seconds().
  void Run(double at, std::function<void()> work) {
    {
      std::lock_guard lock(mutex_);
      queue_.emplace(at, std::move(work));
    }
    changed_.notify_one();
  }

 private:
  void Loop() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (stopping_) return;
      if (queue_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const double wait = queue_.begin()->first - Seconds();
      if (wait > 0) {
        changed_.wait_for(lock, std::chrono::duration<double>(wait));
        continue;
      }
      const std::function<void()> work = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::multimap<double, std::function<void()>> queue_;
  std::vector<std::thread> threads_;
};

// What all workers have counted since the last Take.
class Tally {
 public:
  void Leased(double seconds) {
    std::lock_guard lock(mutex_);
    latencies_.push_back(seconds);
  }
  void Done() {
    ++cycles_;
    last_done_ = Seconds();
  }
  std::vector<double> TakeLatencies() {
    std::lock_guard lock(mutex_);
    return std::exchange(latencies_, {});
  }
  int64_t cycles() const { return cycles_; }
  double last_done() const { return last_done_; }  // in Seconds()

 private:
  std::mutex mutex_;
  std::vector<double> latencies_;
  std::atomic<int64_t> cycles_ = 0;
  std::atomic<double> last_done_ = 0;
};

// Processor time of both sides.
struct Spent {
  double coordinator = 0;
  double workers = 0;
  Spent operator-(const Spent& before) const {
    return {coordinator - before.coordinator, workers - before.workers};
  }
};
Spent SpentSoFar(pid_t coordinator) { return {CpuSeconds(coordinator), CpuSeconds(getpid())}; }

// What was done in some time: cycles or calls.
struct Stretch {
  double count = 0;
  double seconds = 0;
  Spent spent;
  std::vector<double> latencies;
  void Add(const Stretch& more) {
    count += more.count;
    seconds += more.seconds;
    spent.coordinator += more.spent.coordinator;
    spent.workers += more.spent.workers;
    latencies.insert(latencies.end(), more.latencies.begin(), more.latencies.end());
  }
};

// One worker on a connection of its own: leases, makes the files, reports, and again.
class LoadWorker {
 public:
  LoadWorker(int number, const std::string& address, const fs::path& store,
             const std::set<int64_t>& cuts, FileThreads* files, Tally* tally)
      : id_(absl::StrFormat("worker-%d", number)),
        fake_(id_, "class", store, cuts),
        files_(files),
        tally_(tally) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // as workers do
    channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    stub_ = v1::Farm::NewStub(channel_);
    fake_.UsePicture(store / kPictureFile, kPicture);
  }

  void Register() {
    grpc::ClientContext context;
    v1::RegisterRequest request;
    request.set_worker(id_);
    request.set_name(id_);
    request.set_device("cpu");
    request.set_numeric_class("class");
    request.set_build("build");
    v1::RegisterReply reply;
    const grpc::Status status = stub_->Register(&context, request, &reply);
    if (!status.ok()) fprintf(stderr, "%s: %s\n", id_.c_str(), status.error_message().c_str());
    SF_CHECK(status.ok());
  }

  // `think`: seconds that a task takes beside its files.
  void Begin(double think) {
    think_ = think;
    running_ = true;
    Ask();
  }
  // Ends after the task that it's at.
  void End() {
    running_ = false;
    std::lock_guard lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  bool idle() const { return idle_; }

  // So many calls, one after the other, of a method that nobody serves.
  void BeginEmptyCalls(int count, std::atomic<int64_t>* done) {
    empty_left_ = count;
    empty_done_ = done;
    EmptyCall();
  }

 private:
  void Ask() {
    if (!running_) {
      idle_ = true;
      return;
    }
    idle_ = false;
    request_.set_worker(id_);
    request_.set_wait_micros(20'000'000);
    reply_.Clear();
    std::unique_lock lock(mutex_);
    owned_ = std::make_unique<grpc::ClientContext>();
    context_ = owned_.get();
    lock.unlock();
    asked_ = Seconds();
    stub_->async()->Lease(context_, &request_, &reply_,
                          [this](const grpc::Status& status) { Answered(status); });
  }
  void Answered(const grpc::Status& status) {
    {
      std::lock_guard lock(mutex_);
      context_ = nullptr;
    }
    if (!status.ok() || !reply_.has_lease()) {
      // On another thread: not deeper and deeper into this one's stack.
      files_->Run(0, [this] { Ask(); });
      return;
    }
    tally_->Leased(Seconds() - asked_);
    files_->Run(Seconds() + think_, [this] { Make(reply_.lease()); });
  }
  void Make(const v1::TaskLease& task) {
    const absl::StatusOr<TaskLease> lease = FromProto(task);
    SF_CHECK(lease.ok());
    const Manifest manifest = fake_.Do(*lease);
    complete_.Clear();
    v1::AttemptId* attempt = complete_.mutable_attempt();
    attempt->set_worker(id_);
    attempt->set_job(lease->spec.job);
    attempt->set_task(lease->spec.task);
    attempt->set_epoch(lease->epoch);
    attempt->set_lease_id(lease->lease_id);
    *complete_.mutable_manifest() = ToProto(manifest);
    complete_.set_seconds(1);
    complete_.set_next(running_);
    completed_.Clear();
    asked_ = Seconds();
    report_context_ = std::make_unique<grpc::ClientContext>();
    stub_->async()->Complete(
        report_context_.get(), &complete_, &completed_, [this](const grpc::Status& status) {
          if (status.ok()) {
            tally_->Done();
          } else {
            fprintf(stderr, "%s: %s\n", id_.c_str(), status.error_message().c_str());
          }
          if (!status.ok() || !completed_.has_next()) {
            files_->Run(0, [this] { Ask(); });
            return;
          }
          tally_->Leased(Seconds() - asked_);
          files_->Run(Seconds() + think_, [this] { Make(completed_.next()); });
        });
  }
  void EmptyCall() {
    if (empty_left_-- <= 0) return;
    const grpc::Slice nothing("");
    empty_request_ = grpc::ByteBuffer(&nothing, 1);
    empty_context_ = std::make_unique<grpc::ClientContext>();
    generic_ = std::make_unique<grpc::GenericStub>(channel_);
    generic_->UnaryCall(empty_context_.get(), "/stereofarm.v1.Farm/Nothing", {}, &empty_request_,
                        &empty_reply_, [this](const grpc::Status&) {
                          ++*empty_done_;
                          files_->Run(0, [this] { EmptyCall(); });
                        });
  }

  const std::string id_;
  FakeWorker fake_;
  FileThreads* const files_;
  Tally* const tally_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Farm::Stub> stub_;
  double think_ = 0;
  std::atomic<bool> running_ = false;
  std::atomic<bool> idle_ = true;
  double asked_ = 0;
  v1::LeaseRequest request_;
  v1::LeaseReply reply_;
  v1::CompleteRequest complete_;
  v1::CompleteReply completed_;
  std::unique_ptr<grpc::ClientContext> report_context_;
  std::mutex mutex_;
  std::unique_ptr<grpc::ClientContext> owned_;
  grpc::ClientContext* context_ = nullptr;  // guarded by mutex_

  int empty_left_ = 0;
  std::atomic<int64_t>* empty_done_ = nullptr;
  std::unique_ptr<grpc::ClientContext> empty_context_;
  std::unique_ptr<grpc::GenericStub> generic_;
  grpc::ByteBuffer empty_request_;
  grpc::ByteBuffer empty_reply_;
};

// ---- the limits --------------------------------------------------------------------------------

// The transactions of so many cycles (lease, result, publishing) without anything around them.
double RawCyclesPerSecond(const fs::path& folder, int cycles) {
  auto opened = FarmStore::Open(folder / "raw.db");
  SF_CHECK(opened.ok());
  FarmStore* store = opened->get();
  JobRecord job;
  job.id = "job";
  job.settings.outputs = {{Layout::kSbs, "out.mkv"}};
  const auto change = [&](const std::function<void()>& body) {
    FarmStore::Change transaction(store);
    SF_CHECK(transaction.begun().ok());
    body();
    SF_CHECK(transaction.Commit().ok());
  };
  change([&] {
    SF_CHECK(store->jobs().Insert(job).ok());
    for (int i = 0; i < cycles; ++i) {
      TaskRecord task;
      task.job = job.id;
      task.core = {i * 96, (i + 1) * 96};
      task.name = absl::StrFormat("depth/%s", RangeName(task.core));
      task.kind = TaskKind::kDepth;
      task.state = TaskState::kReady;
      task.stage_basis = std::string(64, 'b');
      SF_CHECK(store->tasks().Insert(task).ok());
    }
  });
  const std::string lease_id(32, 'l');
  const double begin = Seconds();
  for (int i = 0; i < cycles; ++i) {
    AttemptRef attempt;
    change([&] {
      const auto task = store->tasks().Claim(job.id, {"worker", "class"}, lease_id);
      SF_CHECK(task.ok() && task->has_value());
      attempt = {job.id, (*task)->name, (*task)->epoch, lease_id};
    });
    change([&] {
      SF_CHECK(*store->tasks().Finish(attempt, {std::string(64, 'k'), "class", attempt.task, 1}));
    });
    change([&] { SF_CHECK(*store->tasks().Publish(attempt)); });
  }
  return cycles / (Seconds() - begin);
}

void Wait(const std::function<bool()>& over) {
  while (!over()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

int Load(const std::string& self, const Options& options) {
  SetMinimumLogLevel(LogLevel::kError);
  const TempFolder folder;
  const fs::path root = folder.path();
  SF_CHECK(MakeDirectories(root / "store").ok());
  SF_CHECK(WriteFileAtomically(root / "in.mov", "a film").ok());
  SF_CHECK(WriteFileAtomically(root / "store" / kPictureFile, kPicture).ok());
  int address_pipe[2];
  SF_CHECK(pipe(address_pipe) == 0);
  const pid_t coordinator = fork();
  SF_CHECK(coordinator >= 0);
  if (coordinator == 0) {
    dup2(address_pipe[1], STDOUT_FILENO);
    const std::string frames = std::to_string(options.frames);
    execl(self.c_str(), self.c_str(), "--serve", root.c_str(), "--frames", frames.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  close(address_pipe[1]);
  std::string address;
  for (char c = 0; read(address_pipe[0], &c, 1) == 1 && c != '\n';) address += c;
  SF_CHECK(!address.empty());

  std::set<int64_t> cuts;
  for (int64_t frame = options.shot_frames; frame < options.frames; frame += options.shot_frames) {
    cuts.insert(frame);
  }
  Tally tally;
  FileThreads files(options.file_threads);
  std::vector<std::unique_ptr<LoadWorker>> workers;
  for (int i = 0; i < options.workers; ++i) {
    workers.push_back(
        std::make_unique<LoadWorker>(i, address, root / "store", cuts, &files, &tally));
    workers.back()->Register();
  }
  printf("%d workers joined: coordinator %.0f MiB\n", options.workers, PeakMebibytes(coordinator));

  // Idle: everybody waits for a task.
  for (auto& worker : workers) worker->Begin(0);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  double cpu = CpuSeconds(coordinator);
  double begin = Seconds();
  std::this_thread::sleep_for(std::chrono::duration<double>(options.idle_seconds));
  printf("idle: %.2f %% of one core\n",
         100 * (CpuSeconds(coordinator) - cpu) / (Seconds() - begin));
  for (auto& worker : workers) worker->End();
  Wait([&] {
    return std::all_of(workers.begin(), workers.end(), [](const auto& w) { return w->idle(); });
  });

  // What the machine allows at best. Empty calls again beside the film: others may be at work.
  Stretch empty_calls;
  const auto call_nothing = [&] {
    std::atomic<int64_t> done = 0;
    constexpr int kEmptyCalls = 10;
    const int64_t all = int64_t{kEmptyCalls} * options.workers;
    const Spent before = SpentSoFar(coordinator);
    const double start = Seconds();
    for (auto& worker : workers) worker->BeginEmptyCalls(kEmptyCalls, &done);
    Wait([&] { return done == all; });
    empty_calls.Add(
        {static_cast<double>(all), Seconds() - start, SpentSoFar(coordinator) - before, {}});
  };
  call_nothing();
  const double raw_rate = RawCyclesPerSecond(root, 20'000);

  // The film.
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const auto jobs = v1::Jobs::NewStub(channel);
  JobSettings settings;
  settings.input = (root / "in.mov").string();
  settings.outputs = {{Layout::kSbs, (root / "out.mkv").string()}};
  settings.shard_frames = options.shard_frames;
  settings.overlap = options.overlap;
  v1::SubmitRequest submit;
  *submit.mutable_settings() = ToProto(settings);
  v1::SubmitReply submitted;
  {
    grpc::ClientContext context;
    const grpc::Status status = jobs->Submit(&context, submit, &submitted);
    if (!status.ok()) fprintf(stderr, "%s\n", status.error_message().c_str());
    SF_CHECK(status.ok());
  }
  const auto status_of = [&] {
    grpc::ClientContext context;
    v1::StatusRequest request;
    request.set_job(submitted.job());
    v1::JobStatus status;
    SF_CHECK(jobs->GetStatus(&context, request, &status).ok());
    return status;
  };

  const auto run = [&](double think, const std::function<bool()>& over) {
    tally.TakeLatencies();
    const int64_t before = tally.cycles();
    const Spent spent_before = SpentSoFar(coordinator);
    const double start = Seconds();
    for (auto& worker : workers) worker->Begin(think);
    Wait(over);
    // What follows the last cycle isn't theirs.
    return Stretch{static_cast<double>(tally.cycles() - before),
                   std::max(tally.last_done() - start, 1e-3),
                   SpentSoFar(coordinator) - spent_before, tally.TakeLatencies()};
  };
  const auto print = [](const char* what, const Stretch& s) {
    printf(
        "%s: %.0f cycles in %.1f s, %.0f cycles/s; wait for a task median %.1f ms, 99th "
        "percentile %.1f ms; coordinator %.0f %% of one core, %.0f us a cycle, workers %.0f us\n",
        what, s.count, s.seconds, s.count / s.seconds, 1e3 * Percentile(s.latencies, 0.5),
        1e3 * Percentile(s.latencies, 0.99), 100 * s.spent.coordinator / s.seconds,
        1e6 * s.spent.coordinator / std::max(1.0, s.count),
        1e6 * s.spent.workers / std::max(1.0, s.count));
    fflush(stdout);
  };
  const auto after = [](double seconds) {
    const double end = Seconds() + seconds;
    return [end] { return Seconds() >= end; };
  };
  const auto rest = [&] {
    for (auto& worker : workers) worker->End();
    Wait([&] {
      return std::all_of(workers.begin(), workers.end(), [](const auto& w) { return w->idle(); });
    });
  };
  // Until every range is scanned and every shot is planned.
  const Stretch planned = run(0, [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const v1::JobStatus status = status_of();
    return std::any_of(status.stages().begin(), status.stages().end(), [](const auto& stage) {
      return stage.stage() == "scan" && stage.frames_total() > 0 &&
             stage.frames_done() >= stage.frames_total();
    });
  });
  print("scan and plan", planned);
  rest();
  // Every worker takes some seconds for a task, as real ones do.
  print("paced", run(options.think_seconds, after(options.paced_seconds)));
  rest();
  // By turns with the empty calls, so that both see the same machine.
  Stretch full_speed;
  do {
    full_speed.Add(run(0, after(kTurnSeconds)));
    rest();
    call_nothing();
  } while (status_of().state() == "running");
  print("full speed", full_speed);
  const v1::JobStatus status = status_of();
  printf("the job of %lld frames is %s: %d tasks, %d shots\n",
         static_cast<long long>(options.frames), status.state().c_str(), status.tasks().total(),
         status.shots_size());
  printf("coordinator: peak %.0f MiB, database %.1f MiB, write-ahead log %.1f MiB\n",
         PeakMebibytes(coordinator), Mebibytes(root / "farm.db"), Mebibytes(root / "farm.db-wal"));
  const double rate = full_speed.count / full_speed.seconds;
  const double empty_rate = empty_calls.count / empty_calls.seconds;
  printf(
      "limits: %.0f empty calls/s, that is %.0f cycles/s (of two calls: coordinator %.0f us, "
      "workers %.0f us); %.0f cycles/s of bare transactions\n",
      empty_rate, empty_rate / 2, 2e6 * empty_calls.spent.coordinator / empty_calls.count,
      2e6 * empty_calls.spent.workers / empty_calls.count, raw_rate);
  const double limit = std::min(empty_rate / 2, raw_rate);
  printf("%.0f cycles/s are %.2f of the lower limit\n", rate, rate / limit);
  rest();
  kill(coordinator, SIGTERM);
  return 0;
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
  if (!serve.empty()) return Serve(serve, options);
  return Load(fs::read_symlink("/proc/self/exe").string(), options);
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
