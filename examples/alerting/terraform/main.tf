# Alarms on envseal's events in a log group of CloudWatch Logs: the same as ../cloudformation.yaml.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "log_group" {
  description = "The log group that has the events"
  type        = string
}

variable "topic_arn" {
  description = "The SNS topic that is told"
  type        = string
}

variable "known_principals" {
  description = "Who may open sources (data.principal.name), * matches anything; a filter has room for 1024 characters"
  type        = list(string)
}

variable "revoked_sources" {
  description = "Sources that nobody may open any more, as in subject"
  type        = list(string)
  default     = []
}

variable "pods" {
  description = "How many openings in an hour are right, by source; a rollout opens one once for each pod"
  type        = map(number)
  default     = {}
}

variable "change_principals" {
  description = "Who may change files (data.principal.name), CI and people, as in known_principals"
  type        = list(string)
  default     = []
}

variable "ci_principal" {
  description = "The role by which CI changes files (data.principal.name), * matches anything"
  type        = string
  default     = ""
}

locals {
  granted = "($.type = \"envseal.access.granted\")"
  unknown = join(" && ", [for name in var.known_principals : "($.data.principal.name != \"${name}\")"])
  changed = "($.type = \"envseal.change.*\") && ($.data.outcome = \"done\")"
  nobody  = "($.data.principal.name NOT EXISTS) || ($.data.principal.name IS NULL)"
  changer = join(" && ", [for name in var.change_principals : "($.data.principal.name != \"${name}\")"])
  revoked = join(" || ", [for source in var.revoked_sources : "($.subject = \"${source}\")"])

  alarms = merge(
    {
      refused = {
        pattern   = "{ $.type = \"envseal.access.refused\" }"
        period    = 60
        threshold = 0
        about     = "A file is unsealed, forged, expired or sealed with a key that is not pinned. Find out who stored it."
      }
      denied = {
        pattern   = "{ $.type = \"envseal.access.denied\" }"
        period    = 300
        threshold = 0
        about     = "Somebody tried to open a file and may not, or a key is disabled."
      }
      unknown-principal = {
        pattern   = "{ ${local.granted} && (${local.nobody} || (${local.unknown})) }"
        period    = 60
        threshold = 0
        about     = "A file was opened by somebody who is not in known_principals."
      }
      failed-change = {
        pattern   = "{ ($.type = \"envseal.change.*\") && ($.data.outcome != \"done\") }"
        period    = 300
        threshold = 0
        about     = "A change was refused, denied or failed. The reason is conflict where two changed a file at once."
      }
    },
    length(var.change_principals) == 0 ? {} : {
      unknown-changer = {
        pattern   = "{ ${local.changed} && (${local.nobody} || (${local.changer})) }"
        period    = 60
        threshold = 0
        about     = "A file was changed by somebody who is not in change_principals. Compare its versions, and roll back."
      }
    },
    var.ci_principal == "" ? {} : {
      changed-outside-ci = {
        pattern   = "{ ${local.changed} && (${local.nobody} || ($.data.principal.name != \"${var.ci_principal}\")) }"
        period    = 60
        threshold = 0
        about     = "A file was changed, and not by CI. Somebody had a reason, or took a way around the review."
      }
    },
    length(var.revoked_sources) == 0 ? {} : {
      revoked-opened = {
        pattern   = "{ ${local.granted} && (${local.revoked}) }"
        period    = 60
        threshold = 0
        about     = "A file was opened that is in revoked_sources. It is still there, and somebody still may."
      }
    },
    {
      for source, count in var.pods : "openings-${substr(sha256(source), 0, 8)}" => {
        pattern   = "{ ${local.granted} && ($.subject = \"${source}\") }"
        period    = 3600
        threshold = count
        about     = "${source} was opened more often than it has pods. They crash, or somebody else opens it."
      }
    },
  )
}

resource "aws_cloudwatch_log_metric_filter" "envseal" {
  for_each       = local.alarms
  name           = "envseal-${each.key}"
  log_group_name = var.log_group
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = "envseal"
    name          = each.key
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "envseal" {
  for_each            = local.alarms
  alarm_name          = "envseal-${each.key}"
  alarm_description   = each.value.about
  namespace           = "envseal"
  metric_name         = each.key
  statistic           = "Sum"
  period              = each.value.period
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  depends_on          = [aws_cloudwatch_log_metric_filter.envseal]
}
