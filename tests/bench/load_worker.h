#ifndef STEREOFARM_TESTS_BENCH_LOAD_WORKER_H_
#define STEREOFARM_TESTS_BENCH_LOAD_WORKER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "grpcpp/channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "proto/farm.grpc.pb.h"
#include "tests/bench/made_results.h"
#include "tests/unit/coordinator/fake_worker.h"

namespace stereofarm {

// Threads that do the tasks, so that no call-back waits for a disk.
class WorkThreads {
 public:
  explicit WorkThreads(int threads);
  ~WorkThreads();
  // `at`: not before, in Seconds().
  void Run(double at, std::function<void()> work);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;                               // guarded by mutex_
  std::multimap<double, std::function<void()>> queue_;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

// What all workers have counted since the last Take.
class Tally {
 public:
  void Leased(double seconds);
  void Done();
  std::vector<double> TakeLatencies();
  int64_t cycles() const { return cycles_; }
  double last_done() const { return last_done_; }  // in Seconds()

 private:
  std::mutex mutex_;
  std::vector<double> latencies_;  // guarded by mutex_
  std::atomic<int64_t> cycles_ = 0;
  std::atomic<double> last_done_ = 0;
};

// A worker's stream of results, open as long as this lives.
class Reports : public grpc::ClientBidiReactor<v1::CompleteRequest, v1::CompleteReply> {
 public:
  // `answered` is called once for each result that was sent.
  Reports(v1::Farm::Stub* stub, std::function<void(bool counts)> answered);
  ~Reports() override;

  void Send(const v1::CompleteRequest* request, v1::CompleteReply* reply);

  void OnWriteDone(bool ok) override { StepDone(ok); }
  void OnReadDone(bool ok) override { StepDone(ok); }
  void OnDone(const grpc::Status&) override { ended_.set_value(); }

 private:
  void StepDone(bool ok);

  const std::function<void(bool)> answered_;
  grpc::ClientContext context_;
  std::atomic<int> steps_ = 0;
  std::atomic<bool> went_well_ = true;
  std::promise<void> ended_;
};

// One worker on a connection of its own: leases, gives what was made for the task (or makes it),
// reports, and again.
class LoadWorker {
 public:
  // `id`: the worker's own. `address`: of the coordinator. `fake`: makes what wasn't.
  LoadWorker(std::string id, const std::string& address, const FakeWorker* fake,
             std::filesystem::path store, MadeResults* made, WorkThreads* threads, Tally* tally);

  void Register();
  // `think`: seconds that a task takes.
  void Begin(double think);
  // Ends after the task that it's at.
  void End();
  bool idle() const { return idle_; }

  // So many calls, one after the other, of a method that nobody serves.
  void BeginEmptyCalls(int count, std::atomic<int64_t>* done);

 private:
  void Ask();
  void Answered(const grpc::Status& status);
  void Make(const v1::TaskLease& task);
  void Report();
  void Reported(bool counts);
  void EmptyCall();

  const std::string id_;
  const FakeWorker* const fake_;
  const std::filesystem::path store_;
  MadeResults* const made_;
  WorkThreads* const threads_;
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
  std::unique_ptr<Reports> reports_;  // null: none are open
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

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_BENCH_LOAD_WORKER_H_
