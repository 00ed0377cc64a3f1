#!/usr/bin/perl
# What milters before us found out about SPF, DKIM and DMARC decides, when their
# server is trusted by name and the field stands where it can have been written.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Scenario;
use Test::More;

my $lab = Lab->new;
$lab->write_file("$lab->{dir}/rules/auth.cf", <<'EOF');
util_rb_tld test example
ifplugin Mail::SpamAssassin::Plugin::DMARC
header AUTH_REJECT eval:check_dmarc_reject()
tflags AUTH_REJECT net
score  AUTH_REJECT 12
endif
ifplugin Mail::SpamAssassin::Plugin::DKIM
header AUTH_WELCOME eval:check_for_dkim_welcomelist_from()
tflags AUTH_WELCOME net nice
score  AUTH_WELCOME -100
welcomelist_auth *@client.example
endif
EOF
chmod 0644, "$lab->{dir}/rules/auth.cf";
$lab->start_posternd(rules => Scenario::write_rules($lab),
	plugins => 'stock', score_set => 1, trusted_authserv_ids => 'mx.postern.test');
my $m = MilterClient->new("$lab->{dir}/run/milter.sock", client => '198.51.100.7');

# The verdict on a message with these fields on top.
sub verdict {
	my ($text, @fields) = @_;
	my $r = $m->message(text => $text,
		headers => [ @fields, [ From => 'ann@client.example' ], [ Subject => 'hello' ] ]);
	return $r->{reply} // $r->{action};
}

my $spam = $Scenario::REFUSED{spam};
my @fail = ('Authentication-Results' => "mx.postern.test;\n\tdmarc=fail (p=reject dis=none) header.from=client.example");
my @pass = ('Authentication-Results' => 'mx.postern.test; dkim=pass header.d=client.example');
my @received = (Received => "from x (x.example [198.51.100.9])\n\tby client.example with ESMTP id 1; Tue, 24 Nov 2026 10:00:00 +0000");
my ($clean, $bad) = @Scenario::TEXT{qw(clean spam)};

like verdict($clean, [@fail]), $spam, 'a failed policy refuses';
is verdict($clean), 'accept', 'no field: nothing is known';
is verdict($clean, [ 'Authentication-Results' => $fail[1] =~ s/mx\.postern/mx.other/r ]), 'accept', 'another server is not believed';
is verdict($clean, [@received], [@fail]), 'accept', 'nor a field from before the message reached us';
like verdict($bad), $spam, 'spam is refused';
is verdict($bad, [@pass]), 'accept', 'but not with the signature of a welcome author';
like verdict($bad, [@received], [@pass]), $spam, 'a forged signature result helps nobody';
$m->quit;
ok $lab->alive('posternd'), 'posternd is still there';
done_testing;
