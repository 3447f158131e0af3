#include "coordinator/cli/private_farm.h"

#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <limits>
#include <regex>
#include <span>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr int kMostDeaths = 5;
constexpr int64_t kFirstPauseMicros = 100'000;
constexpr int64_t kMostPauseMicros = 5'000'000;
constexpr int64_t kStopGraceMicros = 10'000'000;
constexpr int64_t kLookMicros = 50'000;
constexpr int kMostCpuWorkers = 8;

int CudaDevices() {
  int count = 0;
  if (const char* visible = getenv("CUDA_VISIBLE_DEVICES"); visible != nullptr) {
    const std::string list = visible;
    return list.empty() ? 0 : static_cast<int>(std::count(list.begin(), list.end(), ',')) + 1;
  }
  std::error_code error;
  while (fs::exists(absl::StrFormat("/dev/nvidia%d", count), error)) ++count;
  return count;
}

}  // namespace

PrivateFarm::PrivateFarm(PrivateFarmOptions options, Clock* clock)
    : options_(std::move(options)), clock_(clock) {
  Child coordinator;
  coordinator.name = "coordinator";
  coordinator.args = {(options_.programs / "stereofarm-coordinator").string(),
                      "--root",
                      options_.work_dir.string(),
                      "--listen",
                      address(),
                      "--private",
                      "--only",
                      options_.output};
  children_.push_back(std::move(coordinator));
}

fs::path PrivateFarm::LogOf(const Child& child) const { return logs() / (child.name + ".log"); }

absl::Status PrivateFarm::Start(Child* child) {
  SpawnOptions options;
  options.stdout_file = LogOf(*child);
  options.stderr_file = LogOf(*child);
  options.dies_with_parent = true;
  options.own_group = true;
  SF_ASSIGN_OR_RETURN(Subprocess process, Subprocess::Spawn(child->args, options));
  child->process.push_back(std::move(process));
  return absl::OkStatus();
}

absl::Status PrivateFarm::StartCoordinator() {
  SF_RETURN_IF_ERROR(MakeDirectories(logs()));
  return Start(&children_.front());
}

absl::Status PrivateFarm::StartWorkers() {
  int number = 0;
  for (const std::string& device : options_.worker_devices) {
    Child worker;
    worker.name = absl::StrFormat("worker-%d", ++number);
    worker.args = {
        (options_.programs / "stereofarm-worker").string(),     "--farm",   address(), "--scratch",
        (options_.work_dir / "scratch" / worker.name).string(), "--device", device};
    SF_RETURN_IF_ERROR(Start(&worker));
    children_.push_back(std::move(worker));
  }
  return absl::OkStatus();
}

absl::Status PrivateFarm::Supervise() {
  for (Child& child : children_) {
    if (!child.process.empty()) {
      const auto ended = child.process.front().Poll();
      if (!ended) continue;
      child.process.clear();
      if (++child.deaths >= kMostDeaths) {
        const std::string last = LastLine(LogOf(child));
        return absl::InternalError(absl::StrFormat(
            "the %s of this conversion %s %d times in a row; see %s%s", child.name, ended->Text(),
            child.deaths, LogOf(child).string(), last.empty() ? "" : ", which ends with: " + last));
      }
      child.start_at = clock_->MonotonicMicros() +
                       std::min(kMostPauseMicros, kFirstPauseMicros << (child.deaths - 1));
    }
    if (child.start_at <= clock_->MonotonicMicros()) SF_RETURN_IF_ERROR(Start(&child));
  }
  return absl::OkStatus();
}

int64_t PrivateFarm::NextStart() const {
  int64_t next = std::numeric_limits<int64_t>::max();
  for (const Child& child : children_) {
    if (child.process.empty()) next = std::min(next, child.start_at);
  }
  return next;
}

void PrivateFarm::NoteProgress() {
  for (Child& child : children_) child.deaths = 0;
}

void PrivateFarm::Stop(const std::function<bool()>& hurry) {
  const std::span<Child> all(children_);
  for (const std::span<Child> group : {all.subspan(1), all.first(1)}) {
    for (Child& child : group) {
      if (!child.process.empty()) child.process.front().Kill(SIGTERM);
    }
    const int64_t deadline = clock_->MonotonicMicros() + kStopGraceMicros;
    for (Child& child : group) {
      while (!child.process.empty() && !child.process.front().WaitFor(kLookMicros) && !hurry() &&
             clock_->MonotonicMicros() < deadline) {
      }
      child.process.clear();  // Kills it if need be.
    }
  }
}

absl::StatusOr<std::vector<std::string>> WorkerDevices(const std::string& device, int workers) {
  if (device == "cpu") {
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const int count = workers > 0 ? workers : std::min(cores, kMostCpuWorkers);
    return std::vector<std::string>(static_cast<size_t>(count), device);
  }
  if (std::regex_match(device, std::regex("cuda:[0-9]{1,3}"))) {
    return std::vector<std::string>(static_cast<size_t>(std::max(1, workers)), device);
  }
  if (device != "all") {
    return absl::InvalidArgumentError(
        absl::StrFormat("--device: '%s' is not known; use cpu, cuda:N or all", device));
  }
  const int gpus = CudaDevices();
  if (gpus == 0) return WorkerDevices("cpu", workers);
  if (workers == 0) return std::vector<std::string>{"all"};  // It starts one for each GPU itself.
  std::vector<std::string> devices;
  for (int i = 0; i < workers; ++i) {
    devices.push_back(absl::StrFormat("cuda:%d", i % gpus));
  }
  return devices;
}

std::string LastLine(const fs::path& file) {
  const auto text = ReadFile(file);
  if (!text.ok()) return "";
  const size_t end = text->find_last_not_of("\n\r \t");
  if (end == std::string::npos) return "";
  const size_t begin = text->find_last_of('\n', end);
  return text->substr(begin == std::string::npos ? 0 : begin + 1,
                      end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

}  // namespace stereofarm
