#include "tests/bench/load_worker.h"

#include <stdio.h>

#include <chrono>

#include "common/base/log.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "proto/conversions.h"
#include "tests/bench/process_facts.h"

namespace stereofarm {

WorkThreads::WorkThreads(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

WorkThreads::~WorkThreads() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkThreads::Run(double at, std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    queue_.emplace(at, std::move(work));
  }
  changed_.notify_one();
}

void WorkThreads::Loop() {
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

void Tally::Leased(double seconds) {
  std::lock_guard lock(mutex_);
  latencies_.push_back(seconds);
}

void Tally::Done() {
  ++cycles_;
  last_done_ = Seconds();
}

std::vector<double> Tally::TakeLatencies() {
  std::lock_guard lock(mutex_);
  return std::exchange(latencies_, {});
}

Reports::Reports(v1::Farm::Stub* stub, std::function<void(bool counts)> answered)
    : answered_(std::move(answered)) {
  stub->async()->Complete(&context_, this);
  // Steps are asked for from outside of the library's calls.
  AddHold();
  StartCall();
}

Reports::~Reports() {
  context_.TryCancel();
  RemoveHold();
  ended_.get_future().wait();
}

void Reports::Send(const v1::CompleteRequest* request, v1::CompleteReply* reply) {
  steps_ = 2;
  StartWrite(request);
  StartRead(reply);
}

void Reports::StepDone(bool ok) {
  if (!ok) went_well_ = false;
  // The answer may be here before the library has let go of the result.
  if (--steps_ == 0) answered_(went_well_);
}

LoadWorker::LoadWorker(std::string id, const std::string& address, const FakeWorker* fake,
                       std::filesystem::path store, MadeResults* made, WorkThreads* threads,
                       Tally* tally)
    : id_(std::move(id)),
      fake_(fake),
      store_(std::move(store)),
      made_(made),
      threads_(threads),
      tally_(tally) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // as workers do
  channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  stub_ = v1::Farm::NewStub(channel_);
}

void LoadWorker::Register() {
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

void LoadWorker::Begin(double think) {
  think_ = think;
  running_ = true;
  Ask();
}

void LoadWorker::End() {
  running_ = false;
  std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

void LoadWorker::Ask() {
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

void LoadWorker::Answered(const grpc::Status& status) {
  {
    std::lock_guard lock(mutex_);
    context_ = nullptr;
  }
  if (!status.ok() || !reply_.has_lease()) {
    // On another thread: not deeper and deeper into this one's stack.
    threads_->Run(0, [this] { Ask(); });
    return;
  }
  tally_->Leased(Seconds() - asked_);
  threads_->Run(Seconds() + think_, [this] { Make(reply_.lease()); });
}

void LoadWorker::Make(const v1::TaskLease& task) {
  const absl::StatusOr<TaskLease> lease = FromProto(task);
  SF_CHECK(lease.ok());
  std::vector<ManifestFile> files;
  const bool is_made = made_->Take(lease->spec.task, store_ / lease->attempt_directory, &files);
  const Manifest manifest =
      is_made ? fake_->ManifestOf(*lease, std::move(files)) : fake_->Do(*lease);
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
  Report();
}

void LoadWorker::Report() {
  completed_.Clear();
  asked_ = Seconds();
  if (reports_ == nullptr) {
    reports_ = std::make_unique<Reports>(stub_.get(), [this](bool counts) { Reported(counts); });
  }
  reports_->Send(&complete_, &completed_);
}

void LoadWorker::Reported(bool counts) {
  if (counts) {
    tally_->Done();
  } else {
    fprintf(stderr, "%s: a result doesn't count\n", id_.c_str());
  }
  if (!counts) {
    threads_->Run(0, [this] {
      reports_.reset();
      Ask();
    });
    return;
  }
  if (!completed_.has_next()) {
    threads_->Run(0, [this] { Ask(); });
    return;
  }
  tally_->Leased(Seconds() - asked_);
  threads_->Run(Seconds() + think_, [this] { Make(completed_.next()); });
}

void LoadWorker::BeginEmptyCalls(int count, std::atomic<int64_t>* done) {
  empty_left_ = count;
  empty_done_ = done;
  EmptyCall();
}

void LoadWorker::EmptyCall() {
  if (empty_left_-- <= 0) return;
  const grpc::Slice nothing("");
  empty_request_ = grpc::ByteBuffer(&nothing, 1);
  empty_context_ = std::make_unique<grpc::ClientContext>();
  generic_ = std::make_unique<grpc::GenericStub>(channel_);
  generic_->UnaryCall(empty_context_.get(), "/stereofarm.v1.Farm/Nothing", {}, &empty_request_,
                      &empty_reply_, [this](const grpc::Status&) {
                        threads_->Run(0, [this, done = empty_done_] {
                          EmptyCall();
                          ++*done;
                        });
                      });
}

}  // namespace stereofarm
