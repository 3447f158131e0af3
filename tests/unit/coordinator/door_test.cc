// Who gets in over TLS: certificates, tokens, roles, over true connections.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "common/base/file_system.h"
#include "coordinator/service/access_table.h"
#include "grpcpp/create_channel.h"
#include "proto/conversions.h"
#include "proto/farm_channel.h"
#include "proto/request_limits.h"
#include "tests/unit/coordinator/fake_worker.h"
#include "tests/unit/coordinator/guarded_server.h"

namespace stereofarm {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int64_t kDay = 86'400'000'000;

// Every service that a coordinator may serve.
std::vector<const ServiceDescriptor*> Services() {
  std::vector<const ServiceDescriptor*> services;
  for (const google::protobuf::FileDescriptor* file :
       {v1::RegisterRequest::descriptor()->file(), v1::SubmitRequest::descriptor()->file(),
        v1::FileRef::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

std::string PathOf(const MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

// Makes any unary call with the bytes of any message.
grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                     const std::string& bytes) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer reply;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, path, request, &queue);
  grpc::Status status;
  call->StartCall();
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

TEST(AccessTableTest, NamesEveryCallOfEveryServiceOnce) {
  std::set<std::string> in_protos;
  for (const ServiceDescriptor* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) in_protos.insert(PathOf(*service->method(i)));
  }
  std::set<std::string> in_table;
  for (const CallRule& rule : CallRules()) {
    EXPECT_TRUE(in_table.insert(std::string(rule.method)).second) << rule.method;
  }
  // A new call wants its row in coordinator/service/access_table.cc.
  EXPECT_EQ(in_table, in_protos);
}

TEST(AccessTableTest, RolesMayDoWhatTheyAreFor) {
  const CallRule submit = *RuleOf("/stereofarm.v1.Jobs/Submit");
  EXPECT_TRUE(MayCall(submit, Role::kSubmit));
  EXPECT_TRUE(MayCall(submit, Role::kOperate));
  EXPECT_FALSE(MayCall(submit, Role::kWork));
  const CallRule lease = *RuleOf("/stereofarm.v1.Farm/Lease");
  EXPECT_TRUE(MayCall(lease, Role::kWork));
  EXPECT_FALSE(MayCall(lease, Role::kSubmit));
  EXPECT_FALSE(MayCall(lease, Role::kOperate));
  EXPECT_FALSE(MayCall({"", Access::kOperator}, Role::kSubmit));
  EXPECT_EQ(RuleOf("/stereofarm.v1.Jobs/Nonsense"), nullptr);
  EXPECT_EQ(RuleOf(""), nullptr);
}

class DoorTest : public ::testing::Test {
 protected:
  // The call is refused, says so, and leaves nothing but a line in the audit log.
  void ExpectRefused(const Credentials& credentials, grpc::StatusCode code,
                     const std::string& words) {
    const std::string before = server_.Everything();
    const size_t lines = server_.AuditLines().size();
    const grpc::Status status = server_.Submit(server_.Connect(credentials), server_.Settings());
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(words));
    EXPECT_EQ(server_.Everything(), before);
    const auto after = server_.AuditLines();
    ASSERT_EQ(after.size(), lines + 1);
    EXPECT_EQ(after.back()["method"], "/stereofarm.v1.Jobs/Submit");
    EXPECT_THAT(after.back().value("peer", ""), StartsWith("ipv4:127.0.0.1:"));
    EXPECT_THAT(after.back()["why"].get<std::string>(), HasSubstr(words));
  }
  // No connection comes about: there is no call to answer or to write down.
  void ExpectShutOut(const Credentials& credentials) {
    const std::string before = server_.Everything();
    const grpc::Status status = server_.Submit(server_.Connect(credentials), server_.Settings());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    EXPECT_EQ(server_.Everything(), before);
  }

  GuardedServer server_;
};

TEST_F(DoorTest, WhoWasInvitedGetsIn) {
  std::string job;
  ASSERT_TRUE(server_.Submit(server_.ChannelOf("ann"), server_.Settings(), &job).ok());
  EXPECT_EQ(*server_.engine().OwnerOf(job), "ann");
  EXPECT_TRUE(server_.List(server_.ChannelOf("ben")).ok());
  EXPECT_TRUE(server_.List(server_.ChannelOf("olga")).ok());
  v1::RegisterRequest request;
  request.set_worker("w1");
  request.set_name("host:1");
  request.set_device("cpu");
  request.set_numeric_class("class");
  EXPECT_TRUE(CallRaw(server_.ChannelOf("node7"), "/stereofarm.v1.Farm/Register",
                      request.SerializeAsString())
                  .ok());
}

TEST_F(DoorTest, NoTokenIsRefused) {
  Credentials credentials = server_.CredentialsOf("ann");
  credentials.token = "";
  ExpectRefused(credentials, grpc::StatusCode::UNAUTHENTICATED, "carries no token");
}

TEST_F(DoorTest, WhoIsRefusedIsWrittenDownWithTheAddress) {
  // A call that a service answers is written down with the address that the library gives with it.
  const auto first = server_.ChannelOf("node7");
  const auto peer_of_refusal = [&](const auto& channel) {
    EXPECT_EQ(server_.Submit(channel, server_.Settings()).error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
    return server_.AuditLines().back().value("peer", "");
  };
  const auto peer_of_call = [&](const auto& channel) {
    EXPECT_FALSE(CallRaw(channel, "/stereofarm.v1.Farm/Register", "").ok());
    return server_.AuditLines().back().value("peer", "");
  };
  const std::string address = peer_of_call(first);
  EXPECT_THAT(address, StartsWith("ipv4:127.0.0.1:"));
  EXPECT_EQ(peer_of_refusal(first), address);
  // Another certificate's connection isn't named, another of the same one is.
  EXPECT_TRUE(server_.List(server_.ChannelOf("ann")).ok());
  const auto second = server_.ChannelOf("node7");
  EXPECT_EQ(peer_of_refusal(second), address + ", " + peer_of_call(second));
}

TEST_F(DoorTest, WrongTokensAreRefused) {
  Credentials credentials = server_.CredentialsOf("ann");
  const std::string issued = credentials.token;
  for (const std::string& token :
       {std::string(64, '0'), issued.substr(1), issued + "0", std::string("x"),
        issued + " " + issued, std::string(4000, 'a')}) {
    credentials.token = token;
    ExpectRefused(credentials, grpc::StatusCode::UNAUTHENTICATED, "its token isn't the one");
  }
}

TEST_F(DoorTest, TokenOfAnotherNameIsRefused) {
  Credentials credentials = server_.CredentialsOf("ann");
  credentials.token = server_.CredentialsOf("olga").token;
  ExpectRefused(credentials, grpc::StatusCode::UNAUTHENTICATED, "its token isn't the one");
}

TEST_F(DoorTest, WhatWasIssuedBeforeCountsNoMore) {
  const Credentials old = server_.CredentialsOf("ann");
  ASSERT_TRUE(
      server_.certificates().Issue("ann", Role::kSubmit, 10, server_.FolderOf("ann2")).ok());
  ExpectRefused(old, grpc::StatusCode::UNAUTHENTICATED, "its token isn't the one");
  EXPECT_TRUE(server_.List(server_.ChannelOf("ann2")).ok());
}

TEST_F(DoorTest, RevokedIsRefusedOnAnOpenConnectionToo) {
  const auto channel = server_.ChannelOf("ann");
  EXPECT_TRUE(server_.List(channel).ok());
  ASSERT_TRUE(server_.certificates().Revoke("ann").ok());
  EXPECT_EQ(server_.List(channel).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  ExpectRefused(server_.CredentialsOf("ann"), grpc::StatusCode::UNAUTHENTICATED, "revoked");
}

TEST_F(DoorTest, EndedIsRefusedOnAnOpenConnectionToo) {
  const auto channel = server_.ChannelOf("ann");
  EXPECT_TRUE(server_.List(channel).ok());
  server_.clock().Advance(31 * kDay);
  EXPECT_THAT(server_.List(channel).error_message(), HasSubstr("has ended"));
}

TEST_F(DoorTest, RoleIsThatOfCertificateAndRecordBoth) {
  // The operator took ann's role up; her old certificate and new token don't fit together.
  Credentials mixed = server_.CredentialsOf("ann");
  ASSERT_TRUE(
      server_.certificates().Issue("ann", Role::kOperate, 10, server_.FolderOf("ann2")).ok());
  mixed.token = server_.CredentialsOf("ann2").token;
  ExpectRefused(mixed, grpc::StatusCode::UNAUTHENTICATED, "another role");
}

TEST_F(DoorTest, AnotherFarmsCertificateIsShutOut) {
  CertificateFolder other(server_.root() / "other", RealClock(), SystemRandom());
  ASSERT_TRUE(other.Init({"farm.example"}, 10).ok());
  ASSERT_TRUE(other.Issue("ann", Role::kSubmit, 10, server_.FolderOf("stranger")).ok());
  Credentials credentials = server_.CredentialsOf("stranger");
  ExpectShutOut(credentials);  // the caller doesn't know this coordinator
  credentials.authority = server_.CredentialsOf("ann").authority;
  ExpectShutOut(credentials);  // nor does the coordinator know the caller
  credentials.token = server_.CredentialsOf("ann").token;
  ExpectShutOut(credentials);
}

TEST_F(DoorTest, ExpiredCertificateIsShutOut) {
  // Issued two months ago, for one.
  SimulatedClock past;
  past.Advance(RealClock()->WallMicros() - past.WallMicros() - 60 * kDay);
  CertificateFolder then(server_.root() / "tls", &past, SystemRandom());
  ASSERT_TRUE(then.Issue("ann", Role::kSubmit, 30, server_.FolderOf("late")).ok());
  const auto own = ReadCredentials(server_.FolderOf("late"), RealClock()->WallMicros());
  EXPECT_EQ(own.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(own.status().message()), HasSubstr("ended on"));
  const auto credentials = ReadCredentials(server_.FolderOf("late"), past.WallMicros());
  ASSERT_TRUE(credentials.ok());
  ExpectShutOut(*credentials);
}

TEST_F(DoorTest, WithoutCertificateIsShutOut) {
  Credentials credentials = server_.CredentialsOf("ann");
  credentials.own = {};
  ExpectShutOut(credentials);
  const auto plain =
      grpc::CreateChannel("dns:///" + server_.address(), grpc::InsecureChannelCredentials());
  EXPECT_EQ(server_.List(plain).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(DoorTest, WhoCannotConnectHearsWhy) {
  const auto why = [&](const FarmPlace& place, const std::string& host_name = "") {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (!host_name.empty()) arguments.SetSslTargetNameOverride(host_name);
    const grpc::Status status = server_.List(OpenFarmChannel(place, arguments));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    return WhyUnreachable(place, status.error_message());
  };
  const Credentials ours = server_.CredentialsOf("ann");
  EXPECT_THAT(why({server_.address(), std::nullopt}), HasSubstr("if it has TLS"));
  EXPECT_THAT(why({server_.address(), ours}, "other.example"), HasSubstr("made for other hosts"));
  CertificateFolder other(server_.root() / "other", RealClock(), SystemRandom());
  ASSERT_TRUE(other.Init({"farm.example"}, 10).ok());
  ASSERT_TRUE(other.Issue("ann", Role::kSubmit, 10, server_.FolderOf("stranger")).ok());
  Credentials theirs = server_.CredentialsOf("stranger");
  EXPECT_THAT(why({server_.address(), theirs}), HasSubstr("another authority made it"));
  theirs.authority = ours.authority;
  EXPECT_THAT(why({server_.address(), theirs}), HasSubstr("doesn't take the certificate"));
  EXPECT_THAT(why({"127.0.0.1:9", ours}), HasSubstr("check the address"));
}

TEST_F(DoorTest, TheCoordinatorsOwnCertificateIsNoCallers) {
  Credentials credentials = server_.CredentialsOf("olga");
  credentials.own = server_.certificates().ForServing()->own;
  ExpectShutOut(credentials);
}

TEST_F(DoorTest, EveryCallIsRefusedToEveryRoleItIsNotFor) {
  std::map<Role, std::shared_ptr<grpc::Channel>> channels = {
      {Role::kSubmit, server_.ChannelOf("ann")},
      {Role::kOperate, server_.ChannelOf("olga")},
      {Role::kWork, server_.ChannelOf("node7")}};
  const std::string before = server_.Everything();
  for (const CallRule& rule : CallRules()) {
    for (const auto& [role, channel] : channels) {
      if (MayCall(rule, role)) continue;
      const grpc::Status status = CallRaw(channel, std::string(rule.method), "");
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED)
          << rule.method << " " << RoleName(role) << ": " << status.error_message();
    }
  }
  EXPECT_EQ(CallRaw(channels[Role::kOperate], "/stereofarm.v1.Jobs/Nonsense", "").error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(server_.Everything(), before);
}

// With the job's id in the field "job", as every such request has it.
TEST_F(DoorTest, JobsOfOthersStayAsTheyAre) {
  std::string job;
  ASSERT_TRUE(server_.Submit(server_.ChannelOf("ann"), server_.Settings(), &job).ok());
  const auto ben = server_.ChannelOf("ben");
  const std::string before = server_.Everything();
  for (const ServiceDescriptor* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      const CallRule* rule = RuleOf(PathOf(method));
      if (rule == nullptr || rule->access != Access::kOwnJob) continue;
      const auto* field = method.input_type()->FindFieldByName("job");
      ASSERT_NE(field, nullptr) << method.full_name();
      v1::CancelRequest request;  // its one field is a text
      request.set_job(job);
      ASSERT_EQ(field->number(), v1::CancelRequest::kJobFieldNumber) << method.full_name();
      const grpc::Status status = CallRaw(ben, PathOf(method), request.SerializeAsString());
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << method.full_name();
      EXPECT_THAT(status.error_message(), HasSubstr("isn't one of yours"));
    }
  }
  EXPECT_EQ(server_.Everything(), before);
  v1::CancelRequest request;
  request.set_job(job);
  EXPECT_TRUE(
      CallRaw(server_.ChannelOf("ann"), "/stereofarm.v1.Jobs/Cancel", request.SerializeAsString())
          .ok());
}

// Puts `text` into the first text that the message has, in other messages too.
bool FillFirstText(google::protobuf::Message* message, const std::string& text) {
  const google::protobuf::Descriptor& type = *message->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const auto* field = type.field(i);
    if (field->is_repeated()) continue;
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
      message->GetReflection()->SetString(message, field, text);
      return true;
    }
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE &&
        FillFirstText(message->GetReflection()->MutableMessage(message, field), text)) {
      return true;
    }
  }
  return false;
}

// Texts of these names get their values, in other messages too.
void FillTexts(google::protobuf::Message* message,
               const std::map<std::string, std::string>& values) {
  const google::protobuf::Descriptor& type = *message->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const auto* field = type.field(i);
    if (field->is_repeated()) continue;
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      FillTexts(message->GetReflection()->MutableMessage(message, field), values);
    } else if (const auto value = values.find(field->name());
               value != values.end() &&
               field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
      message->GetReflection()->SetString(message, field, value->second);
    }
  }
}

TEST_F(DoorTest, NoOtherCertificateSpeaksForAWorkerInAnyCall) {
  ASSERT_TRUE(
      server_.certificates().Issue("node8", Role::kWork, 10, server_.FolderOf("node8")).ok());
  const auto own = server_.ChannelOf("node7");
  const auto other = server_.ChannelOf("node8");
  v1::RegisterRequest join;
  join.set_worker("w1");
  join.set_name("host:1");
  join.set_device("cpu");
  join.set_numeric_class("class");
  const auto call = [&](const auto& channel, const std::string& name,
                        const google::protobuf::Message& request) {
    return CallRaw(channel, "/stereofarm.v1.Farm/" + name, request.SerializeAsString());
  };
  ASSERT_TRUE(call(own, "Register", join).ok());
  ASSERT_TRUE(server_.Submit(server_.ChannelOf("ann"), server_.Settings()).ok());
  std::optional<TaskLease> lease;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!lease && std::chrono::steady_clock::now() < deadline) {
    lease = *server_.engine().Lease("w1");
  }
  ASSERT_TRUE(lease.has_value());
  const std::string before = server_.Everything();
  for (const ServiceDescriptor* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      if (RuleOf(PathOf(method))->access != Access::kWorkers) continue;
      const std::unique_ptr<google::protobuf::Message> request(
          google::protobuf::MessageFactory::generated_factory()
              ->GetPrototype(method.input_type())
              ->New());
      FillTexts(request.get(), {{"worker", "w1"},
                                {"job", lease->spec.job},
                                {"task", lease->spec.task},
                                {"lease_id", lease->lease_id},
                                {"name", "x"},
                                {"numeric_class", "class"},
                                {"sha256", std::string(64, '0')}});
      if (const auto* length = method.input_type()->FindFieldByName("length")) {
        request->GetReflection()->SetInt64(request.get(), length, 1);
      }
      const grpc::Status status = CallRaw(other, PathOf(method), request->SerializeAsString());
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED)
          << method.full_name() << ": " << status.error_message();
      EXPECT_THAT(status.error_message(), HasSubstr("another certificate than 'node8'"));
      const nlohmann::json line = server_.AuditLines().back();
      EXPECT_EQ(line["method"], PathOf(method));
      EXPECT_EQ(line["name"], "node8");
      EXPECT_EQ(line["worker"], "w1");
      EXPECT_EQ(line["result"], "PERMISSION_DENIED");
    }
  }
  EXPECT_EQ(server_.Everything(), before);
  v1::RenewRequest renew;
  renew.mutable_attempt()->set_worker("w1");
  renew.mutable_attempt()->set_job(lease->spec.job);
  renew.mutable_attempt()->set_task(lease->spec.task);
  renew.mutable_attempt()->set_epoch(lease->epoch);
  renew.mutable_attempt()->set_lease_id(lease->lease_id);
  const grpc::Status renewed = call(own, "Renew", renew);
  EXPECT_TRUE(renewed.ok()) << renewed.error_message();
}

TEST_F(DoorTest, EachResultInAStreamIsLookedAtLikeACall) {
  const auto channel = server_.ChannelOf("node7");
  ASSERT_TRUE(
      server_.certificates().Issue("node8", Role::kWork, 10, server_.FolderOf("node8")).ok());
  const auto join = [&](const std::string& id, const std::string& node) {
    v1::RegisterRequest request;
    request.set_worker(id);
    request.set_name(id);
    request.set_device("cpu");
    request.set_numeric_class("class");
    return CallRaw(server_.ChannelOf(node), "/stereofarm.v1.Farm/Register",
                   request.SerializeAsString());
  };
  ASSERT_TRUE(join("w1", "node7").ok());
  ASSERT_TRUE(join("w2", "node8").ok());
  ASSERT_TRUE(server_.Submit(server_.ChannelOf("ann"), server_.Settings()).ok());
  std::optional<TaskLease> lease;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!lease && std::chrono::steady_clock::now() < deadline) {
    lease = *server_.engine().Lease("w1");
  }
  ASSERT_TRUE(lease.has_value());
  v1::CompleteRequest result;
  result.mutable_attempt()->set_worker("w1");
  result.mutable_attempt()->set_job(lease->spec.job);
  result.mutable_attempt()->set_task(lease->spec.task);
  result.mutable_attempt()->set_epoch(lease->epoch);
  result.mutable_attempt()->set_lease_id(lease->lease_id);
  *result.mutable_manifest() =
      ToProto(FakeWorker("w1", "class", server_.root() / "store", {}).Do(*lease));
  const auto farm = v1::Farm::NewStub(channel);
  const auto lines_of_results = [&] {
    std::vector<nlohmann::json> lines = server_.AuditLines();
    std::erase_if(
        lines, [](const auto& line) { return line["method"] != "/stereofarm.v1.Farm/Complete"; });
    return lines;
  };
  // A result that counts, and then `bad` in the same stream.
  const auto refused = [&](const v1::CompleteRequest& bad, const std::function<void()>& before_bad,
                           grpc::StatusCode code) {
    const size_t lines_before = lines_of_results().size();
    grpc::ClientContext context;
    const auto stream = farm->Complete(&context);
    v1::CompleteReply reply;
    ASSERT_TRUE(stream->Write(result));
    ASSERT_TRUE(stream->Read(&reply));
    before_bad();
    const std::string before = server_.Everything();
    ASSERT_TRUE(stream->Write(bad));
    EXPECT_FALSE(stream->Read(&reply));
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(server_.Everything(), before);
    const std::vector<nlohmann::json> lines = lines_of_results();
    ASSERT_EQ(lines.size(), lines_before + 2);
    EXPECT_EQ(lines[lines_before]["result"], "OK");
    EXPECT_EQ(lines[lines_before]["name"], "node7");
    EXPECT_EQ(lines[lines_before]["worker"], "w1");
    EXPECT_EQ(lines[lines_before]["task"], lease->spec.task);
    EXPECT_EQ(lines.back()["result"],
              absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
    EXPECT_EQ(lines.back()["worker"], bad.attempt().worker());
    EXPECT_EQ(lines.back()["why"], status.error_message());
  };
  const auto nothing = [] {};
  v1::CompleteRequest bad = result;
  bad.mutable_attempt()->set_worker("w2");
  refused(bad, nothing, grpc::StatusCode::PERMISSION_DENIED);
  bad = result;
  bad.mutable_attempt()->set_task("../../etc");
  refused(bad, nothing, grpc::StatusCode::INVALID_ARGUMENT);
  bad = result;
  bad.mutable_manifest()->set_model(std::string(512 << 10, 'x'));
  refused(bad, nothing, grpc::StatusCode::INVALID_ARGUMENT);
  refused(
      result, [&] { ASSERT_TRUE(server_.certificates().Revoke("node7").ok()); },
      grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(DoorTest, EveryCallRefusesWhatIsTooLongOrNonsense) {
  const auto people = server_.ChannelOf("olga");
  const auto worker = server_.ChannelOf("node7");
  ASSERT_TRUE(server_.Submit(people, server_.Settings()).ok());
  const std::string before = server_.Everything();
  for (const ServiceDescriptor* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      const CallRule* rule = RuleOf(PathOf(method));
      ASSERT_NE(rule, nullptr) << method.full_name();
      const auto& channel = rule->access == Access::kWorkers ? worker : people;
      const grpc::Status garbage = CallRaw(channel, PathOf(method), "\xff\xff\xff\x07garbage");
      EXPECT_FALSE(garbage.ok()) << method.full_name();
      const std::unique_ptr<google::protobuf::Message> request(
          google::protobuf::MessageFactory::generated_factory()
              ->GetPrototype(method.input_type())
              ->New());
      if (!FillFirstText(request.get(), std::string(512 << 10, 'x'))) continue;
      const grpc::Status long_text = CallRaw(channel, PathOf(method), request->SerializeAsString());
      EXPECT_EQ(long_text.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
          << method.full_name() << ": " << long_text.error_message();
    }
  }
  EXPECT_EQ(server_.Everything(), before);
}

TEST_F(DoorTest, WhatIsTooLargeForItsCallIsRefused) {
  const auto people = server_.ChannelOf("olga");
  const std::string before = server_.Everything();
  const auto cancel = [&](int64_t bytes) {
    v1::CancelRequest request;
    request.set_job(std::string(static_cast<size_t>(bytes), 'x'));
    return CallRaw(people, "/stereofarm.v1.Jobs/Cancel", request.SerializeAsString());
  };
  const grpc::Status refused = cancel(2 << 20);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << refused.error_message();
  EXPECT_THAT(refused.error_message(), HasSubstr("at most 1048576 go"));
  const std::vector<nlohmann::json> lines = server_.AuditLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].value("method", ""), "/stereofarm.v1.Jobs/Cancel");
  EXPECT_EQ(lines[0].value("result", ""), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(lines[0].value("name", ""), "olga");
  EXPECT_EQ(lines[0].value("job", ""), std::string(256, 'x'));
  EXPECT_EQ(lines[0].value("why", ""), refused.error_message());
  // More than any call's: the library's answer, before the message is here.
  const grpc::Status huge = cancel(MostBytesOfAnyRequest() + 1);
  EXPECT_EQ(huge.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << huge.error_message();
  EXPECT_THAT(huge.error_message(), HasSubstr(std::to_string(MostBytesOfAnyRequest())));
  EXPECT_EQ(server_.Everything(), before);
}

TEST_F(DoorTest, JobsStayInTheFoldersThatTheyMayTouch) {
  const auto olga = server_.ChannelOf("olga");
  const std::string before = server_.Everything();
  std::filesystem::create_symlink("/etc", server_.root() / "films" / "link");
  const auto refused = [&](const JobSettings& settings) {
    const grpc::Status status = server_.Submit(olga, settings);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
    EXPECT_EQ(server_.AuditLines().back()["result"], "PERMISSION_DENIED");
  };
  JobSettings settings = server_.Settings();
  settings.input = (server_.root() / "films" / "link" / "passwd").string();
  refused(settings);
  settings = server_.Settings();
  settings.outputs[0].file = (server_.root() / "films" / ".." / "farm.db").string();
  refused(settings);
  settings = server_.Settings();
  settings.outputs.push_back({Layout::kTab, "/etc/also.mkv"});
  refused(settings);
  settings = server_.Settings();
  settings.depth = "torchscript:" + (server_.root() / "tls" / "authority.key").string();
  refused(settings);
  settings.depth = "exr:/proc/self/root/etc";
  refused(settings);
  EXPECT_EQ(server_.Everything(), before);
}

TEST_F(DoorTest, NobodyChangesAnythingThatCannotBeWrittenDown) {
  const auto olga = server_.ChannelOf("olga");
  const std::filesystem::path log = server_.root() / "audit.log";
  std::string job;
  ASSERT_TRUE(server_.Submit(olga, server_.Settings(), &job).ok());
  std::filesystem::remove(log);
  ASSERT_TRUE(MakeDirectories(log / "x").ok());
  const std::string before = server_.Everything();
  v1::CancelRequest request;
  request.set_job(job);
  const auto cancel = [&] {
    return CallRaw(olga, "/stereofarm.v1.Jobs/Cancel", request.SerializeAsString());
  };
  EXPECT_EQ(cancel().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(server_.Everything(), before);
  EXPECT_TRUE(server_.List(olga).ok());
  std::filesystem::remove_all(log);
  EXPECT_TRUE(cancel().ok());
}

}  // namespace
}  // namespace stereofarm
