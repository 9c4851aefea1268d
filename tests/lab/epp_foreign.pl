#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# The EPP client of Debian (Net::EPP) at the EPP server of the lab: epp_foreign.pl HOST PORT CA CERTIFICATE KEY CLIENT PASSWORD DOMAIN
#
# It logs in, asks for the domain, replaces its DS, sets the TTL, reads and acknowledges the queue, and logs out. What it reads goes to
# the standard output, one "name: value" a line.
use strict;
use warnings;
use Net::EPP::Simple;
use Net::EPP::Frame::Command::Poll::Ack;
use Net::EPP::Frame::Command::Poll::Req;
use Net::EPP::Frame::Command::Update::Domain;

my ($host, $port, $ca, $cert, $key, $client, $password, $domain) = @ARGV;
my $secdns = 'urn:ietf:params:xml:ns:secDNS-1.1';

my $epp = Net::EPP::Simple->new(
	host => $host, port => $port, user => $client, pass => $password, timeout => 20, reconnect => 0,
	verify => 1, ca_file => $ca, cert => $cert, key => $key,
	objects => ['urn:ietf:params:xml:ns:domain-1.0'],
);
if (!defined($epp)) {
	print "failed: $Net::EPP::Simple::Code $Net::EPP::Simple::Error\n";
	exit(1);
}

sub show_domain {
	my $info = $epp->domain_info($domain) or die("$Net::EPP::Simple::Error\n");
	print "domain: $info->{name} of $info->{clID}\n";
	print "ds: $_\n" for @{$info->{DS} || []};
	print "key: $_\n" for @{$info->{DNSKEY} || []};
}

sub change {
	my ($update, $tag, @record) = @_;
	my $frame = Net::EPP::Frame::Command::Update::Domain->new;
	$frame->setDomain($domain);
	my $secdns_update = $frame->createExtensionElementFor($secdns);
	for my $part (qw(rem add)) {
		my $list = shift(@record) or next;
		my $one = $secdns_update->appendChild($frame->createElement($part))->appendChild($frame->createElement('dsData'));
		my @values = split(/ /, $list);
		for my $name (qw(keyTag alg digestType digest)) {
			$one->appendChild($frame->createElement($name))->appendText(shift(@values));
		}
	}
	$frame->chgTTLs({ DS => 600 }) if $update eq 'ttl';
	my $answer = $epp->request($frame) or die("no answer\n");
	print "$tag: ", $answer->code, "\n";
}

show_domain();
my $old = "12345 13 2 " . ("A1" x 32);
change('ttl', 'replaced', $old, "54321 13 2 " . ("B2" x 32));
change('', 'absent', $old, "54321 13 2 " . ("C3" x 32));
show_domain();

while (1) {
	my $message = $epp->request(Net::EPP::Frame::Command::Poll::Req->new);
	my ($queue) = $message->getElementsByTagNameNS('urn:ietf:params:xml:ns:epp-1.0', 'msgQ');
	print "poll: ", $message->code, "\n";
	last if $message->code != 1301;
	for my $name (qw(panData changeData)) {
		my ($found) = $message->getElementsByTagNameNS('*', $name);
		print "message: $name\n" if defined($found);
	}
	my $ack = Net::EPP::Frame::Command::Poll::Ack->new;
	$ack->setMsgID($queue->getAttribute('id'));
	print "ack: ", $epp->request($ack)->code, "\n";
}
$epp->logout;
print "logout: $Net::EPP::Simple::Code\n";
