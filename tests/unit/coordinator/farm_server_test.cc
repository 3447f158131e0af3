#include "coordinator/service/farm_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/log.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/service/lease_waiters.h"
#include "grpcpp/create_channel.h"
#include "proto/conversions.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/coordinator/fake_films.h"
#include "tests/unit/coordinator/fake_worker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecond = 1'000'000;

// Both services over a true socket, on fake films.
class FarmServerTest : public ::testing::Test {
 protected:
  FarmServerTest() {
    SetMinimumLogLevel(LogLevel::kError);
    SF_CHECK(MakeDirectories(root_ / "store").ok());
    SF_CHECK(WriteFileAtomically(root_ / "in.mov", "a film").ok());
    store_ = *FarmStore::Open(root_ / "farm.db");
    files_ = std::make_unique<StoreFiles>(root_ / "store");
    background_ = std::make_unique<BackgroundThreads>(2);
    EngineOptions options;
    options.store = root_ / "store";
    options.allowed = {root_};
    engine_ = std::make_unique<JobEngine>(
        options, EngineParts{store_.get(), files_.get(), &films_, background_.get(), RealClock(),
                             SystemRandom()});
    SF_CHECK(engine_->Start().ok());
    auto server = FarmServer::Start(
        engine_.get(), *ParseListenAddress("unix:" + (root_ / "socket").string(), false));
    SF_CHECK(server.ok());
    server_ = *std::move(server);
    const auto channel =
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    farm_ = v1::Farm::NewStub(channel);
    jobs_ = v1::Jobs::NewStub(channel);
  }
  ~FarmServerTest() override {
    engine_->Stop();
    server_->Stop();
    background_.reset();
    server_.reset();
    engine_.reset();
    store_.reset();
  }

  FakeWorker NewWorker(const std::string& id) {
    FakeWorker worker(id, "class", root_ / "store", {90});
    v1::RegisterRequest request;
    request.set_worker(id);
    request.set_name("host/" + id);
    request.set_device("cpu");
    request.set_numeric_class("class");
    grpc::ClientContext context;
    v1::RegisterReply reply;
    EXPECT_TRUE(farm_->Register(&context, request, &reply).ok());
    EXPECT_EQ(reply.store(), (root_ / "store").string());
    EXPECT_EQ(reply.lease_micros(), 30 * kSecond);
    EXPECT_EQ(reply.renew_micros(), 5 * kSecond);
    return worker;
  }

  grpc::Status Lease(const std::string& worker, int64_t wait_micros, v1::LeaseReply* reply,
                     grpc::ClientContext* context) {
    v1::LeaseRequest request;
    request.set_worker(worker);
    request.set_wait_micros(wait_micros);
    return farm_->Lease(context, request, reply);
  }
  std::optional<TaskLease> LeaseOf(const std::string& worker, int64_t wait_micros) {
    grpc::ClientContext context;
    v1::LeaseReply reply;
    const grpc::Status status = Lease(worker, wait_micros, &reply, &context);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!reply.has_lease()) return std::nullopt;
    return *FromProto(reply.lease());
  }
  static v1::AttemptId AttemptOf(const std::string& worker, const TaskLease& lease) {
    v1::AttemptId attempt;
    attempt.set_worker(worker);
    attempt.set_job(lease.spec.job);
    attempt.set_task(lease.spec.task);
    attempt.set_epoch(lease.epoch);
    attempt.set_lease_id(lease.lease_id);
    return attempt;
  }
  static v1::CompleteRequest ResultOf(const FakeWorker& worker, const TaskLease& lease) {
    v1::CompleteRequest request;
    *request.mutable_attempt() = AttemptOf(worker.id(), lease);
    *request.mutable_manifest() = ToProto(worker.Do(lease));
    return request;
  }
  // In a stream of its own.
  grpc::Status Offer(const v1::CompleteRequest& result, v1::CompleteReply* reply) {
    grpc::ClientContext context;
    const auto stream = farm_->Complete(&context);
    stream->Write(result);
    stream->WritesDone();
    stream->Read(reply);
    return stream->Finish();
  }
  std::string Submit() {
    JobSettings settings;
    settings.input = (root_ / "in.mov").string();
    settings.outputs = {{Layout::kSbs, (root_ / "out.mkv").string()}};
    v1::SubmitRequest request;
    *request.mutable_settings() = ToProto(settings);
    grpc::ClientContext context;
    v1::SubmitReply reply;
    const grpc::Status status = jobs_->Submit(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reply.job();
  }

  TempFolder folder_;
  const fs::path root_ = folder_.path();
  FakeFilms films_;
  std::unique_ptr<FarmStore> store_;
  std::unique_ptr<StoreFiles> files_;
  std::unique_ptr<BackgroundThreads> background_;
  std::unique_ptr<JobEngine> engine_;
  std::unique_ptr<FarmServer> server_;
  std::unique_ptr<v1::Farm::Stub> farm_;
  std::unique_ptr<v1::Jobs::Stub> jobs_;
};

TEST_F(FarmServerTest, AFilmGoesAllTheWayOverTheSocket) {
  const FakeWorker a = NewWorker("a");
  std::atomic<bool> ended = false;
  std::thread worker([&] {
    while (!ended) {
      const auto lease = LeaseOf("a", kSecond / 10);
      if (!lease) continue;
      v1::CompleteReply reply;
      EXPECT_TRUE(Offer(ResultOf(a, *lease), &reply).ok());
    }
  });
  v1::WatchRequest request;
  request.set_job(Submit());
  grpc::ClientContext context;
  const auto stream = jobs_->Watch(&context, request);
  v1::JobStatus status;
  int updates = 0;
  while (stream->Read(&status)) ++updates;
  EXPECT_TRUE(stream->Finish().ok());
  ended = true;
  worker.join();
  EXPECT_EQ(status.state(), "done");
  EXPECT_GE(updates, 1);
  EXPECT_EQ(status.shots_size(), 0);
  EXPECT_TRUE(fs::exists(root_ / "out.mkv"));

  grpc::ClientContext status_context;
  v1::StatusRequest status_request;
  status_request.set_job(request.job());
  ASSERT_TRUE(jobs_->GetStatus(&status_context, status_request, &status).ok());
  EXPECT_EQ(status.shots_size(), 2);
  EXPECT_EQ(status.seams_size(), 1);
  EXPECT_EQ(status.seams(0).shot(), 1);
  EXPECT_EQ(status.remarks_size(), 1);
}

TEST_F(FarmServerTest, WaitingWorkerGetsATaskAsSoonAsThereIsOne) {
  NewWorker("a");
  std::optional<TaskLease> lease;
  const int64_t begin = RealClock()->MonotonicMicros();
  std::thread waiting([&] { lease = LeaseOf("a", 20 * kSecond); });
  Submit();
  waiting.join();
  EXPECT_TRUE(lease.has_value());
  EXPECT_LT(RealClock()->MonotonicMicros() - begin, 15 * kSecond);
}

TEST_F(FarmServerTest, ManyWaitingWorkersHoldNoThreads) {
  constexpr int kWorkers = 300;
  struct Call {
    grpc::ClientContext context;
    v1::LeaseRequest request;
    v1::LeaseReply reply;
  };
  std::vector<std::unique_ptr<Call>> calls;
  std::atomic<int> answered = 0;
  std::atomic<int> leased = 0;
  for (int i = 0; i < kWorkers; ++i) {
    const std::string id = "w" + std::to_string(i);
    ASSERT_TRUE(engine_->Register({id, id, "cpu", "class", "build", {}}).ok());
    auto call = std::make_unique<Call>();
    call->request.set_worker(id);
    call->request.set_wait_micros(25 * kSecond);
    farm_->async()->Lease(&call->context, &call->request, &call->reply,
                          [&, parked = call.get()](grpc::Status) {
                            if (parked->reply.has_lease()) ++leased;
                            ++answered;
                          });
    calls.push_back(std::move(call));
  }
  // A call that isn't parked goes through at once.
  const int64_t begin = RealClock()->MonotonicMicros();
  Submit();
  EXPECT_LT(RealClock()->MonotonicMicros() - begin, 5 * kSecond);
  // Who is answered has counted its lease before.
  while (answered == 0 && RealClock()->MonotonicMicros() - begin < 20 * kSecond) {
    std::this_thread::yield();
  }
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(leased, 1);
  for (const auto& call : calls) call->context.TryCancel();
  while (answered < kWorkers) std::this_thread::yield();
}

TEST_F(FarmServerTest, WaitEndsWithoutATask) {
  NewWorker("a");
  EXPECT_FALSE(LeaseOf("a", 1000).has_value());
  EXPECT_FALSE(LeaseOf("a", 0).has_value());
}

TEST_F(FarmServerTest, UnknownWorkerHearsSoAtOnce) {
  grpc::ClientContext context;
  v1::LeaseReply reply;
  EXPECT_EQ(Lease("stranger", 20 * kSecond, &reply, &context).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(FarmServerTest, WorkerThatGoesAwayWhileItWaitsHearsSo) {
  NewWorker("a");
  grpc::ClientContext context;
  std::thread waiting([&] {
    v1::LeaseReply reply;
    EXPECT_EQ(Lease("a", 20 * kSecond, &reply, &context).error_code(), grpc::StatusCode::CANCELLED);
  });
  context.TryCancel();
  waiting.join();
}

TEST_F(FarmServerTest, WorkerThatWentAwayWhileWaitingGetsNoTask) {
  NewWorker("a");
  NewWorker("b");
  LeaseWaiters waiters(engine_.get());
  std::atomic<bool> a_was_answered = false;
  const uint64_t a =
      waiters.Park("a", absl::Seconds(60), [&](const auto&) { a_was_answered = true; });
  EXPECT_TRUE(waiters.Forget(a));
  EXPECT_FALSE(waiters.Forget(a));
  std::promise<bool> b_has_task;
  // It comes after a in the row.
  waiters.Park("b", absl::Seconds(60),
               [&](const auto& lease) { b_has_task.set_value(lease.ok() && lease->has_value()); });
  Submit();
  std::future<bool> answer = b_has_task.get_future();
  while (answer.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) waiters.Wake();
  EXPECT_TRUE(answer.get());
  EXPECT_FALSE(a_was_answered);
}

TEST_F(FarmServerTest, TheAnswerToAReportBringsTheNextTask) {
  const FakeWorker worker = NewWorker("a");
  const std::string job = Submit();
  std::optional<TaskLease> lease;
  int brought = 0;
  // Until the film's tasks are done: planning and reconciling take the time that they take.
  const auto goes_on = [&] {
    const JobState state = engine_->Report(job, false)->job.state;
    return state == JobState::kQueued || state == JobState::kRunning;
  };
  while (lease.has_value() || goes_on()) {
    if (!lease.has_value()) {
      lease = LeaseOf("a", kSecond / 10);
      continue;
    }
    v1::CompleteRequest request = ResultOf(worker, *lease);
    request.set_next(true);
    v1::CompleteReply reply;
    ASSERT_TRUE(Offer(request, &reply).ok());
    lease.reset();
    if (reply.has_next()) {
      lease = *FromProto(reply.next());
      ++brought;
      EXPECT_TRUE(
          engine_->Renew("a", {job, lease->spec.task, lease->epoch, lease->lease_id}, 0, 0).ok());
    }
  }
  // Two shots: while one is reconciled the other's tasks are ready.
  EXPECT_GE(brought, 1);
}

TEST_F(FarmServerTest, AReportThatAsksForNothingBringsNothing) {
  const FakeWorker worker = NewWorker("a");
  Submit();
  for (int i = 0; i < 3; ++i) {
    const std::optional<TaskLease> lease = LeaseOf("a", 20 * kSecond);
    ASSERT_TRUE(lease.has_value());
    v1::CompleteReply reply;
    ASSERT_TRUE(Offer(ResultOf(worker, *lease), &reply).ok());
    EXPECT_FALSE(reply.has_next());
  }
}

TEST_F(FarmServerTest, OneStreamTakesResultAfterResult) {
  const FakeWorker worker = NewWorker("a");
  Submit();
  grpc::ClientContext context;
  const auto stream = farm_->Complete(&context);
  for (int i = 0; i < 3; ++i) {
    const std::optional<TaskLease> lease = LeaseOf("a", 20 * kSecond);
    ASSERT_TRUE(lease.has_value());
    const v1::CompleteRequest result = ResultOf(worker, *lease);
    v1::CompleteReply reply;
    // Said again it gets the same answer.
    for (int times = 0; times < 2; ++times) {
      ASSERT_TRUE(stream->Write(result));
      ASSERT_TRUE(stream->Read(&reply));
    }
    EXPECT_EQ(store_->tasks().Get(lease->spec.job, lease->spec.task)->value().state,
              TaskState::kDone);
  }
  stream->WritesDone();
  v1::CompleteReply none;
  EXPECT_FALSE(stream->Read(&none));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(FarmServerTest, AResultThatDoesNotCountEndsTheStream) {
  const FakeWorker worker = NewWorker("a");
  Submit();
  grpc::ClientContext context;
  const auto stream = farm_->Complete(&context);
  const std::optional<TaskLease> done = LeaseOf("a", 20 * kSecond);
  ASSERT_TRUE(done.has_value());
  ASSERT_TRUE(stream->Write(ResultOf(worker, *done)));
  v1::CompleteReply reply;
  ASSERT_TRUE(stream->Read(&reply));
  const std::optional<TaskLease> lost = LeaseOf("a", 20 * kSecond);
  ASSERT_TRUE(lost.has_value());
  const v1::CompleteRequest result = ResultOf(worker, *lost);
  ASSERT_TRUE(
      engine_->HandBack("a", {lost->spec.job, lost->spec.task, lost->epoch, lost->lease_id}).ok());
  ASSERT_TRUE(stream->Write(result));
  EXPECT_FALSE(stream->Read(&reply));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << status.error_message();
  EXPECT_NE(store_->tasks().Get(lost->spec.job, lost->spec.task)->value().state, TaskState::kDone);
}

TEST_F(FarmServerTest, AStreamWithoutAResultIsRefused) {
  grpc::ClientContext context;
  const auto stream = farm_->Complete(&context);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(FarmServerTest, StoppingEndsAStreamThatWaitsForResults) {
  const FakeWorker worker = NewWorker("a");
  Submit();
  const std::optional<TaskLease> lease = LeaseOf("a", 20 * kSecond);
  ASSERT_TRUE(lease.has_value());
  grpc::ClientContext context;
  const auto stream = farm_->Complete(&context);
  v1::CompleteReply reply;
  ASSERT_TRUE(stream->Write(ResultOf(worker, *lease)));
  ASSERT_TRUE(stream->Read(&reply));
  server_->Stop();
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(FarmServerTest, LostLeaseIsFailedPrecondition) {
  NewWorker("a");
  Submit();
  const auto lease = LeaseOf("a", 20 * kSecond);
  ASSERT_TRUE(lease.has_value());
  v1::HandBackRequest back;
  *back.mutable_attempt() = AttemptOf("a", *lease);
  {
    grpc::ClientContext context;
    v1::HandBackReply reply;
    ASSERT_TRUE(farm_->HandBack(&context, back, &reply).ok());
  }
  v1::RenewRequest renew;
  *renew.mutable_attempt() = AttemptOf("a", *lease);
  grpc::ClientContext context;
  v1::RenewReply reply;
  EXPECT_EQ(farm_->Renew(&context, renew, &reply).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(FarmServerTest, PermanentFailureShowsInTheStatus) {
  NewWorker("a");
  const std::string job = Submit();
  const auto lease = LeaseOf("a", 20 * kSecond);
  ASSERT_TRUE(lease.has_value());
  v1::FailRequest fail;
  *fail.mutable_attempt() = AttemptOf("a", *lease);
  fail.set_failure("permanent");
  fail.set_message("the film is encrypted");
  {
    grpc::ClientContext context;
    v1::FailReply reply;
    ASSERT_TRUE(farm_->Fail(&context, fail, &reply).ok());
  }
  grpc::ClientContext context;
  v1::ListReply list;
  ASSERT_TRUE(jobs_->List(&context, {}, &list).ok());
  ASSERT_EQ(list.jobs_size(), 1);
  EXPECT_EQ(list.jobs(0).state(), "failed");
  EXPECT_EQ(list.jobs(0).error(), "the film is encrypted");
}

TEST_F(FarmServerTest, WorkersAreListed) {
  NewWorker("a");
  grpc::ClientContext context;
  v1::ListWorkersReply reply;
  ASSERT_TRUE(jobs_->ListWorkers(&context, {}, &reply).ok());
  ASSERT_EQ(reply.workers_size(), 1);
  EXPECT_EQ(reply.workers(0).name(), "host/a");
  EXPECT_EQ(reply.workers(0).state(), "idle");
}

TEST_F(FarmServerTest, AHeldRenewalHearsAtOnceThatTheJobIsCancelled) {
  NewWorker("a");
  const std::string job = Submit();
  const std::optional<TaskLease> lease = LeaseOf("a", 20 * kSecond);
  ASSERT_TRUE(lease.has_value());
  const int64_t begin = RealClock()->MonotonicMicros();
  std::atomic<bool> answered = false;
  std::thread renewing([&] {
    grpc::ClientContext context;
    v1::RenewRequest request;
    *request.mutable_attempt() = AttemptOf("a", *lease);
    request.set_hold_micros(15 * kSecond);
    v1::RenewReply reply;
    const grpc::Status status = farm_->Renew(&context, request, &reply);
    answered = true;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << status.error_message();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(answered);
  ASSERT_TRUE(engine_->Cancel(job).ok());
  renewing.join();
  EXPECT_LT(RealClock()->MonotonicMicros() - begin, 10 * kSecond);
}

TEST_F(FarmServerTest, ARenewalIsHeldNoLongerThanAsked) {
  NewWorker("a");
  Submit();
  const std::optional<TaskLease> lease = LeaseOf("a", 20 * kSecond);
  ASSERT_TRUE(lease.has_value());
  for (const int64_t hold : {int64_t{0}, int64_t{-5}, int64_t{50'000}}) {
    grpc::ClientContext context;
    v1::RenewRequest request;
    *request.mutable_attempt() = AttemptOf("a", *lease);
    request.set_hold_micros(hold);
    v1::RenewReply reply;
    EXPECT_TRUE(farm_->Renew(&context, request, &reply).ok());
    EXPECT_EQ(reply.lease_micros(), 30 * kSecond);
  }
}

TEST_F(FarmServerTest, StoppingEndsWatchersAndWaitersAtOnce) {
  NewWorker("a");
  const std::string job = Submit();
  ASSERT_TRUE(LeaseOf("a", 20 * kSecond).has_value());
  NewWorker("b");
  std::thread waiting([&] {
    grpc::ClientContext context;
    v1::LeaseReply reply;
    Lease("b", 20 * kSecond, &reply, &context);
    EXPECT_FALSE(reply.has_lease());
  });
  std::thread watching([&] {
    grpc::ClientContext context;
    v1::WatchRequest request;
    request.set_job(job);
    const auto stream = jobs_->Watch(&context, request);
    v1::JobStatus status;
    while (stream->Read(&status)) {
    }
    EXPECT_FALSE(stream->Finish().ok());
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const int64_t begin = RealClock()->MonotonicMicros();
  engine_->Stop();
  server_->Stop();
  EXPECT_LT(RealClock()->MonotonicMicros() - begin, 5 * kSecond);
  waiting.join();
  watching.join();
}

TEST(ListenAddressTest, LoopbackAndSocketsNeedNothing) {
  EXPECT_EQ(ParseListenAddress("unix:/tmp/x", false)->unix_path, "/tmp/x");
  EXPECT_EQ(ParseListenAddress("127.0.0.1:50051", false)->port, 50051);
  EXPECT_TRUE(ParseListenAddress("localhost:0", false).ok());
  EXPECT_TRUE(ParseListenAddress("[::1]:1", false).ok());
}

TEST(ListenAddressTest, OtherAddressesNeedInsecure) {
  const auto refused = ParseListenAddress("0.0.0.0:50051", false);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("--insecure"), std::string::npos);
  EXPECT_TRUE(ParseListenAddress("0.0.0.0:50051", true).ok());
  EXPECT_TRUE(ParseListenAddress("0.0.0.0:50051", false, /*guarded=*/true).ok());
  // Names that look like loopback.
  EXPECT_FALSE(ParseListenAddress("127.example.org:1", false).ok());
  EXPECT_FALSE(ParseListenAddress("127.0.0.1.example.org:1", false).ok());
}

TEST(ListenAddressTest, NonsenseIsRefused) {
  for (const char* text : {"", "unix:", "host", ":1", "127.0.0.1:", "127.0.0.1:x",
                           "127.0.0.1:70000", "127.0.0.1:-1"}) {
    EXPECT_FALSE(ParseListenAddress(text, false).ok()) << text;
  }
  EXPECT_FALSE(ParseListenAddress("unix:/" + std::string(200, 'x'), false).ok());
}

}  // namespace
}  // namespace stereofarm
