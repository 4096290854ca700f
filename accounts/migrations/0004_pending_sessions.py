"""A session knows whose it is between the password and the second step, and which one it was."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_new_addresses")]

    operations = [
        migrations.AddField(
            model_name="session",
            name="pending",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="session",
            name="former_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
    ]
