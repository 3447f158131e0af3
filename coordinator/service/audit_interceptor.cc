#include "coordinator/service/audit_interceptor.h"

#include <google/protobuf/message.h>

#include <string>

#include "coordinator/service/access_table.h"
#include "coordinator/service/caller.h"
#include "grpcpp/server_context.h"

namespace stereofarm {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using grpc::experimental::InterceptionHookPoints;

// No name is longer; what somebody sent instead of one mustn't fill the log.
constexpr size_t kMostTextBytes = 256;

std::string TextField(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return "";
  }
  return message.GetReflection()->GetString(message, field).substr(0, kMostTextBytes);
}

// What a request or a reply is about, by the names that its fields have in every proto.
void NoteTarget(const Message& message, AuditEntry* entry) {
  const auto note = [](std::string text, std::string* target) {
    if (target->empty()) *target = std::move(text);
  };
  note(TextField(message, "job"), &entry->job);
  note(TextField(message, "task"), &entry->task);
  note(TextField(message, "worker"), &entry->worker);
  for (const char* name : {"attempt", "file", "header"}) {
    const FieldDescriptor* part = message.GetDescriptor()->FindFieldByName(name);
    if (part == nullptr || part->is_repeated() ||
        part->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    NoteTarget(message.GetReflection()->GetMessage(message, part), entry);
  }
}

class AuditInterceptor : public grpc::experimental::Interceptor {
 public:
  AuditInterceptor(AuditLog* audit, grpc::experimental::ServerRpcInfo* call)
      : audit_(audit), call_(call), rule_(RuleOf(call->method())) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override {
    // Every message of every call is a generated one, whose first base is Message.
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        batch->GetRecvMessage() != nullptr) {
      NoteTarget(*static_cast<const Message*>(batch->GetRecvMessage()), &entry_);
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE) &&
        batch->GetSendMessage() != nullptr) {
      NoteTarget(*static_cast<const Message*>(batch->GetSendMessage()), &entry_);
      if (IsOfEach()) Write(grpc::Status::OK);
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = batch->GetSendStatus();
      if (!IsOfEach() || !status.ok()) Write(status);
    }
    batch->Proceed();
  }

 private:
  bool IsOfEach() const { return rule_ != nullptr && rule_->each; }

  void Write(const grpc::Status& status) {
    const bool refused = status.error_code() == grpc::StatusCode::PERMISSION_DENIED ||
                         status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
                         status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ||
                         status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
    if (!refused && rule_ != nullptr && !rule_->changes) return;
    entry_.peer = call_->server_context()->peer();
    const Caller caller = CallerOf(*call_->server_context()->auth_context());
    entry_.name = caller.name;
    entry_.role = caller.role ? RoleName(*caller.role) : "";
    entry_.method = call_->method();
    entry_.status =
        absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
    audit_->Write(entry_).IgnoreError();  // the log says so itself
    entry_ = {};
  }

  AuditLog* const audit_;
  grpc::experimental::ServerRpcInfo* const call_;
  const CallRule* const rule_;
  AuditEntry entry_;
};

}  // namespace

grpc::experimental::Interceptor* AuditInterceptorFactory::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  return new AuditInterceptor(audit_, call);
}

}  // namespace stereofarm
