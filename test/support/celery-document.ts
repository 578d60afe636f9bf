/**
 * The original's configuration document, as far as `docs/coming-from-celery.md` is held against it: its headings in their
 * order, and of each snippet every name it defines, sets, calls or is told to run. Words are parted by blanks; `~` is a blank
 * inside one.
 */
export interface OriginalPart {
  readonly heading: string;
  /** What its snippets say; nothing where it has none. */
  readonly words: string;
}

const part = (heading: string, words = ""): OriginalPart => ({ heading, words });

export const ORIGINAL: readonly OriginalPart[] = [
  part("Overview"),
  part(
    "Installation",
    "celery==5.5.2 redis==5.3.0 django-redis==5.4.0 django-celery-beat==2.8.0 django-celery-results==2.6.0",
  ),
  part("Architecture"),
  part(
    "Celery Configuration",
    "crontab os.environ.setdefault DJANGO_SETTINGS_MODULE intelliwiz_config.settings Celery('intelliwiz_config') " +
      "app.config_from_object namespace='CELERY' app.autodiscover_tasks() app.conf.timezone~=~'UTC' app.conf.CELERYD_HIJACK_ROOT_LOGGER~=~False",
  ),
  part(
    "Redis Configuration",
    'CELERY_BROKER_URL redis://127.0.0.1:6379/\' CELERY_RESULT_BACKEND django-db CACHES "default" BACKEND ' +
      "django_redis.cache.RedisCache LOCATION redis://127.0.0.1:6379/1 OPTIONS CLIENT_CLASS django_redis.client.DefaultClient " +
      'KEY_PREFIX youtility4 "select2" redis://127.0.0.1:6379/2 CACHE_TTL',
  ),
  part("Task Organization"),
  part("Task Structure", "background_tasks/ __init__.py tasks.py utils.py report_tasks.py move_files_to_GCS.py"),
  part(
    "Task Definition Pattern",
    'shared_task bind=True max_retries=5 default_retry_delay=30 name="task_name" example_task param1 param2 perform_operation ' +
      "logger.info logger.error exc_info=True self.retry(exc=e)",
  ),
  part("Scheduled Tasks (Celery Beat)"),
  part(
    "Beat Schedule Configuration",
    "app.conf.beat_schedule ppm_schedule_at_minute_3_past_hour_3_and_16 create_ppm_job crontab(minute='3',~hour='3,16') " +
      "reminder_emails_at_minute_10_past_every_8th_hour send_reminder_email crontab(hour='*/8',~minute='10') " +
      "auto_close_at_every_30_minute auto_close_jobs crontab(minute='*/30') ticket_escalation_every_30min ticket_escalation " +
      "create_job_at_minute_27_past_every_8th_hour create_job crontab(minute='27',~hour='*/8') move_media_to_cloud_storage " +
      "crontab(minute=0,~hour=0,~day_of_week='monday') send_report_genererated_on_mail send_generated_report_on_mail " +
      "crontab(minute='*/27') create-reports-scheduled create_scheduled_reports crontab(minute='*/15')",
  ),
  part("Common Task Patterns"),
  part(
    "1. Email Notification Task",
    "app.task default_retry_delay=300 max_retries=5 send_ticket_email ticket=None id=None Ticket.objects.get render_to_string " +
      "get_email_recipients_for_ticket ticket.ticketno status site_name ticket.bu.buname html_content email_template.html " +
      "EmailMessage subject= body= from_email settings.EMAIL_FROM_ADDRESS to=emails content_subtype email.send() self.retry",
  ),
  part(
    "2. MQTT Publishing Task",
    "publish_mqtt topic payload max_retries=5 default_retry_delay=30 publish_message self.retry",
  ),
  part(
    "3. Database Cleanup Task",
    "cleanup_old_records timezone.now() timedelta(days=90) cutoff_date Tracking.objects.filter created_at__lt .delete()[0] deleted_count",
  ),
  part(
    "4. Report Generation Task",
    "generate_monthly_report month year user_id User.objects.get compile_monthly_data generate_pdf_report Report.objects.create " +
      "file_content pdf_buffer.getvalue() send_report_notification.delay(report.id) report.id",
  ),
  part("Queue Configuration"),
  part(
    "Task Routing",
    "CELERY_TASK_ROUTES background_tasks.tasks.process_graphql_mutation_async background_tasks.tasks.* django5_queue email_tasks.* " +
      "email_queue report_tasks.* report_queue",
  ),
  part(
    "Priority Queues",
    "Queue Exchange CELERY_QUEUES Queue('default' Queue('high_priority' Queue('low_priority' routing_key CELERY_DEFAULT_QUEUE " +
      "CELERY_DEFAULT_EXCHANGE CELERY_DEFAULT_ROUTING_KEY",
  ),
  part("Redis Caching Patterns"),
  part(
    "1. Function Result Caching",
    "get_expensive_data expensive_data_ cache.get(cache_key) perform_expensive_operation cache.set(cache_key,~result,~300)",
  ),
  part(
    "2. Query Result Caching",
    "get_active_jobs active_jobs_site_ Job.objects.filter site_id status='active' select_related('assigned_to').values() " +
      "cache.set(cache_key,~jobs,~60)",
  ),
  part("3. Session Storage", "SESSION_ENGINE django.contrib.sessions.backends.cache SESSION_CACHE_ALIAS"),
  part(
    "4. Cache Invalidation",
    'update_job .update(**data) cache.delete(f"job_ active_jobs_site_ cache.delete_pattern("job_list_*")',
  ),
  part("Running Celery"),
  part(
    "Development Setup",
    "redis-server celery~-A~intelliwiz_config~worker~-l~info celery~-A~intelliwiz_config~beat~-l~info worker~--beat",
  ),
  part(
    "Production Setup",
    "After=network.target Type=forking User=www-data Group=www-data WorkingDirectory= ExecStart= celery~multi~start~worker1 --pidfile= " +
      "--logfile= --loglevel=info ExecStop= celery~multi~stopwait ExecReload= celery~multi~restart WantedBy=multi-user.target",
  ),
  part("Monitoring & Management"),
  part("Flower - Web-based Monitoring", "pip~install~flower celery~-A~intelliwiz_config~flower~--port=5555"),
  part("Celery Commands", "inspect~active inspect~scheduled inspect~registered intelliwiz_config~purge inspect~stats"),
  part("Redis Commands", "redis-cli redis-cli~monitor redis-cli~info~stats redis-cli~flushall redis-cli~-n~1~flushdb"),
  part("Error Handling & Retries"),
  part(
    "Retry Configuration",
    "bind=True max_retries=3 default_retry_delay=60 autoretry_for=(Exception,) retry_kwargs={'max_retries':~3,~'countdown':~60} " +
      "resilient_task RecoverableError countdown=2~**~self.request.retries NonRecoverableError return~None",
  ),
  part(
    "Dead Letter Queue",
    "task_with_dlq max_retries=3 self.request.retries self.max_retries send_to_dlq.delay task_name=self.name args=self.request.args " +
      "error=str(e)",
  ),
  part("Testing Celery Tasks"),
  part(
    "Synchronous Testing",
    "CELERY_TASK_ALWAYS_EAGER~=~True CELERY_TASK_EAGER_PROPAGATES~=~True TestCeleryTasks send_ticket_email.delay(ticket_id=1) " +
      "result.successful()",
  ),
  part(
    "Mocking Tasks",
    "@patch('background_tasks.tasks.send_ticket_email.delay') mock_task.assert_called_once_with(ticket_id=ticket.id)",
  ),
  part("Performance Optimization"),
  part(
    "1. Task Chunking",
    "process_large_dataset Dataset.objects.get chunk_size~=~100 process_chunk.delay(dataset_id,~i,~i~+~chunk_size)",
  ),
  part("2. Rate Limiting", "rate_limit='10/m' rate_limited_task"),
  part(
    "3. Time Limits",
    "time_limit=300 soft_time_limit=250 long_running_task SoftTimeLimitExceeded cleanup_and_save_progress",
  ),
  part("Best Practices"),
  part("Common Issues & Solutions"),
  part("Issue: Tasks Not Executing", "ps~aux~|~grep~celery redis-cli~ping inspect~registered"),
  part("Issue: Memory Leaks in Workers", "CELERYD_MAX_TASKS_PER_CHILD~=~100"),
  part("Issue: Task Result Timeout", "CELERY_RESULT_EXPIRES~=~3600"),
  part("Related Documentation"),
];

/** What every setting, decorator option and command of it must have beside it, in a row of a table. */
export const EXPLAINED: readonly string[] = [
  ...["DJANGO_SETTINGS_MODULE", "config_from_object", "autodiscover_tasks", "timezone", "CELERYD_HIJACK_ROOT_LOGGER"],
  ...[
    "CELERY_BROKER_URL",
    "CELERY_RESULT_BACKEND",
    "BACKEND",
    "LOCATION",
    "CLIENT_CLASS",
    "DefaultClient",
    "KEY_PREFIX",
  ],
  ...["select2", "CACHE_TTL", "tasks.py", "utils.py", "report_tasks.py", "move_files_to_GCS.py", "beat_schedule"],
  ...[
    "bind=True",
    "max_retries",
    "default_retry_delay",
    "name=",
    "autoretry_for",
    "retry_kwargs",
    "rate_limit",
    "time_limit",
  ],
  ...[
    "soft_time_limit",
    "exc_info=True",
    "self.request.id",
    ".delay(",
    "process_graphql_mutation_async",
    "django5_queue",
  ],
  ...[
    "email_queue",
    "report_queue",
    "Exchange",
    "routing_key",
    "CELERY_QUEUES",
    "CELERY_DEFAULT_QUEUE",
    "SESSION_ENGINE",
  ],
  ...[
    "CELERY_DEFAULT_EXCHANGE",
    "CELERY_DEFAULT_ROUTING_KEY",
    "SESSION_CACHE_ALIAS",
    "cache.get",
    "cache.set",
    "cache.delete",
  ],
  ...[
    "cache.delete_pattern",
    "select_related",
    "redis-server",
    "worker --beat",
    "beat -l info",
    "worker -l info",
    "--pidfile",
  ],
  ...[
    "--logfile",
    "--loglevel",
    "Type=forking",
    "After=network.target",
    "stopwait",
    "ExecReload",
    "www-data",
    "multi-user.target",
  ],
  ...[
    "self.retry",
    "self.request.retries",
    "return None",
    "send_to_dlq",
    "CELERY_TASK_ALWAYS_EAGER",
    "SoftTimeLimitExceeded",
  ],
  ...["CELERY_TASK_EAGER_PROPAGATES", "successful()", "assert_called_once_with", "@patch", "process_chunk.delay"],
  ...[
    "CELERYD_MAX_TASKS_PER_CHILD",
    "CELERY_RESULT_EXPIRES",
    "send_report_notification.delay",
    "Report.objects.create",
  ],
];
