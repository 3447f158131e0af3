#include "worker/agent/report_stream.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/server_context.h"
#include "gtest/gtest.h"

namespace stereofarm {
namespace {

constexpr int64_t kSecond = 1'000'000;

using Stream = grpc::ServerReaderWriter<v1::CompleteReply, v1::CompleteRequest>;

// Does with each stream of results, numbered from 1, what the test says.
class FakeFarm : public v1::Farm::Service {
 public:
  using Serve = std::function<grpc::Status(int number, grpc::ServerContext*, Stream*)>;

  explicit FakeFarm(Serve serve) : serve_(std::move(serve)) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    stub_ = v1::Farm::NewStub(grpc::CreateChannel(absl::StrFormat("127.0.0.1:%d", port),
                                                  grpc::InsecureChannelCredentials()));
  }
  ~FakeFarm() override { server_->Shutdown(std::chrono::system_clock::now()); }

  grpc::Status Complete(grpc::ServerContext* context, Stream* stream) override {
    return serve_(++streams_, context, stream);
  }

  v1::Farm::Stub* stub() { return stub_.get(); }
  int streams() const { return streams_; }

 private:
  const Serve serve_;
  std::atomic<int> streams_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::Farm::Stub> stub_;
};

v1::CompleteRequest ResultOf(const std::string& task) {
  v1::CompleteRequest request;
  request.mutable_attempt()->set_task(task);
  return request;
}

// As many results as come; the answer names the task as the next.
grpc::Status AnswerAll(Stream* stream) {
  v1::CompleteRequest request;
  while (stream->Read(&request)) {
    v1::CompleteReply reply;
    reply.mutable_next()->mutable_spec()->set_task(request.attempt().task());
    stream->Write(reply);
  }
  return grpc::Status::OK;
}

TEST(ReportStreamTest, ResultsGoOverOneStream) {
  FakeFarm farm([](int, grpc::ServerContext*, Stream* stream) { return AnswerAll(stream); });
  ReportStream reports(farm.stub());
  EXPECT_EQ(farm.streams(), 0);
  for (const char* task : {"a", "b", "c"}) {
    v1::CompleteReply reply;
    ASSERT_TRUE(reports.Send(ResultOf(task), &reply, 20 * kSecond).ok());
    EXPECT_EQ(reply.next().spec().task(), task);
  }
  EXPECT_EQ(farm.streams(), 1);
}

TEST(ReportStreamTest, AStreamThatBrokeIsOpenedAgain) {
  FakeFarm farm([](int number, grpc::ServerContext*, Stream* stream) {
    if (number > 1) return AnswerAll(stream);
    v1::CompleteRequest request;
    stream->Read(&request);
    stream->Write(v1::CompleteReply());
    stream->Read(&request);
    return grpc::Status::OK;
  });
  ReportStream reports(farm.stub());
  v1::CompleteReply reply;
  EXPECT_TRUE(reports.Send(ResultOf("a"), &reply, 20 * kSecond).ok());
  EXPECT_EQ(reports.Send(ResultOf("b"), &reply, 20 * kSecond).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(reports.Send(ResultOf("b"), &reply, 20 * kSecond).ok());
  EXPECT_EQ(reply.next().spec().task(), "b");
  EXPECT_EQ(farm.streams(), 2);
}

TEST(ReportStreamTest, WhatEndsTheStreamIsTheAnswer) {
  FakeFarm farm([](int number, grpc::ServerContext*, Stream* stream) {
    if (number > 2) return AnswerAll(stream);
    v1::CompleteRequest request;
    stream->Read(&request);
    return number == 1 ? grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "the lease is lost")
                       : grpc::Status(grpc::StatusCode::CANCELLED, "the farm stops");
  });
  ReportStream reports(farm.stub());
  v1::CompleteReply reply;
  const absl::Status lost = reports.Send(ResultOf("a"), &reply, 20 * kSecond);
  EXPECT_EQ(lost, absl::FailedPreconditionError("the lease is lost"));
  EXPECT_EQ(reports.Send(ResultOf("b"), &reply, 20 * kSecond).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(reports.Send(ResultOf("c"), &reply, 20 * kSecond).ok());
  EXPECT_EQ(farm.streams(), 3);
}

TEST(ReportStreamTest, NoAnswerInTimeIsUnavailable) {
  std::atomic<bool> was_cancelled = false;
  {
    FakeFarm farm([&](int number, grpc::ServerContext* context, Stream* stream) {
      if (number > 1) return AnswerAll(stream);
      v1::CompleteRequest request;
      stream->Read(&request);
      stream->Write(v1::CompleteReply());
      // Until the caller goes.
      while (stream->Read(&request)) {
      }
      was_cancelled = context->IsCancelled();
      return grpc::Status::OK;
    });
    ReportStream reports(farm.stub());
    v1::CompleteReply reply;
    EXPECT_TRUE(reports.Send(ResultOf("a"), &reply, 20 * kSecond).ok());
    EXPECT_EQ(reports.Send(ResultOf("b"), &reply, kSecond / 20).code(),
              absl::StatusCode::kUnavailable);
    EXPECT_TRUE(reports.Send(ResultOf("b"), &reply, 20 * kSecond).ok());
    EXPECT_EQ(reply.next().spec().task(), "b");
  }
  EXPECT_TRUE(was_cancelled);
}

TEST(ReportStreamTest, NobodyThereIsUnavailable) {
  const auto stub =
      v1::Farm::NewStub(grpc::CreateChannel("127.0.0.1:9", grpc::InsecureChannelCredentials()));
  ReportStream reports(stub.get());
  v1::CompleteReply reply;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(reports.Send(ResultOf("a"), &reply, 20 * kSecond).code(),
              absl::StatusCode::kUnavailable);
  }
}

}  // namespace
}  // namespace stereofarm
